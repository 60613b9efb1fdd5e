/// A network of recurrent layers from a file, in one form for all files: pytorch_network, onnx_network and
/// keras_network make it.
#pragma once

#include <cstdint>
#include <vector>

#include "rondo/plan/network.h"

namespace rondo {

/// The sizes of the runs that a loaded network is made for.
struct LoadedSizes {
  std::int64_t T = 0;
  std::int64_t B = 0;
  bool has_mask = false;
  bool has_lengths = false;
  bool packed = false;  ///< as RecurrenceSpec::packed
};

/// A stack of layers, each in one direction or in both, with its weights on the host.
///
/// @code
/// // torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True), saved under the name "module"
/// LoadedNetwork network = pytorch_network(load_safetensors("stack.safetensors"), {.prefix = "module."});
/// NetworkSession session = network.session({.T = 5, .B = 2});
/// Tensor y = Tensor::empty({5, 2, network.output_features()}, DType::f32);
/// session.run({.x = Tensor::full({5, 2, 3}, 0.1, DType::f32), .y = y});
/// @endcode
struct LoadedNetwork {
  NetworkSpec spec;  ///< all but the sizes of a run: T and B are 0. A backward direction reads reversed within lengths
  std::vector<NetworkWeights> weights;

  std::int64_t input_features() const { return spec.layers.front().forward.I; }
  std::int64_t output_features() const { return rondo::output_features(spec.layers.back()); }

  /// The spec for runs of these sizes.
  [[nodiscard]] NetworkSpec sized(const LoadedSizes& sizes) const;
  /// The network with its weights on `device`.
  [[nodiscard]] LoadedNetwork to(Device device) const;
  /// A session for runs of these sizes. Throws as NetworkPlan::create.
  [[nodiscard]] NetworkSession session(const LoadedSizes& sizes, const NetworkOptions& options = {}) const;
};

}  // namespace rondo
