/// What a node LSTMStream, GRUStream or RNNStream says.
#pragma once

#include <chrono>
#include <cstdint>

#include "graph_node.h"
#include "rondo/formats/loaded_network.h"

namespace rondo::ort {

/// The inputs of the operators, in their order. W, R and B are constants of the model.
enum class StreamInput : std::uint8_t { x, kernel, recurrent_kernel, bias, session, start, end };
inline constexpr std::size_t kStreamInputs = 7;

/// A node of a stream: attributes of LSTM, GRU or RNN, and three of its own.
struct StreamNode {
  LoadedNetwork network;
  bool batch_major = false;          ///< `layout`
  std::int64_t slots = 1024;         ///< `slots`: the most streams at a time
  std::int64_t rows = 64;            ///< `rows`: the most streams that step together, at most `slots`
  std::chrono::nanoseconds idle{0};  ///< `idle_seconds`: after it a stream may be forgotten; 0: never
};

/// Throws `ValueError` naming the node and what is wrong with it.
StreamNode read_stream_node(const GraphNode& node);

}  // namespace rondo::ort
