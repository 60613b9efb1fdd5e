/// What runs a node that a session has given to Rondo.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "call.h"
#include "graph_node.h"
#include "lent_threads.h"
#include "options.h"

namespace rondo::ort {

/// Many threads may call `run` at once.
class NodeKernel {
 public:
  virtual ~NodeKernel() = default;

  virtual void run(const Call& call) = 0;
};

/// What a kernel is made of, beside its node.
struct KernelSetting {
  const ProviderOptions& options;
  std::shared_ptr<LentThreads> lent_threads;  ///< null where the session's options name a number of threads
  const NodeEnds& fused;                      ///< of the node that takes the place of ours, without constants
};

/// Where `name` is among `names`; absent for "" and for a name that is not there.
std::optional<std::size_t> place_of(const std::vector<std::string>& names, const std::string& name);

/// A kernel for RNN, GRU, LSTM or DynamicQuantizeLSTM. Throws `ValueError` as OnnxNode::weights.
std::unique_ptr<NodeKernel> make_recurrent_kernel(const GraphNode& node, const KernelSetting& setting);

/// A kernel for LSTMStream, GRUStream or RNNStream, with the states of its streams. Throws `ValueError` naming what is
/// wrong with the node.
std::unique_ptr<NodeKernel> make_stream_kernel(const GraphNode& node, const KernelSetting& setting);

}  // namespace rondo::ort
