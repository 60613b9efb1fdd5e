/// A `torch.nn.RNN`, `LSTM` or `GRU` from a file, which is called as in PyTorch.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rondo/formats/pytorch_weights.h"

namespace rondo {

/// Options of PyTorchModule: those of the module in Python that the file does not have. All members have defaults.
struct PyTorchModuleOptions {
  std::optional<CellKind> kind = std::nullopt;  ///< absent: pytorch_kind
  std::string prefix = {};                      ///< the module's name with its dot: "encoder.lstm."
  Activation activation = Activation::tanh;     ///< `nonlinearity` of a torch.nn.RNN
  bool batch_first = false;                     ///< x and output are (B, T, ...) in place of (T, B, ...)
  Device device = cpu();                        ///< where the module computes
  PlanOptions plan = {};                        ///< of all its runs: threads, math
};

/// What a call may be given besides x. L layers of D directions have L D states, forward before backward.
struct PyTorchCall {
  std::optional<Tensor> h_0 = std::nullopt;      ///< (L D, B, P or H); absent: zeros
  std::optional<Tensor> c_0 = std::nullopt;      ///< (L D, B, H), LSTM only; absent: zeros
  std::optional<Tensor> lengths = std::nullopt;  ///< (B,) i32 from 0 to T: rows of padding end early, as when packed
};

/// What a call returns, under PyTorch's names.
struct PyTorchOutputs {
  Tensor output;                             ///< (T, B, D P or D H), or with batch_first (B, T, ...)
  Tensor h_n;                                ///< (L D, B, P or H)
  std::optional<Tensor> c_n = std::nullopt;  ///< (L D, B, H), LSTM only
};

/// Runs a module of any number of layers in one or both directions, with projections or without; a cell (nn.LSTMCell)
/// is a module of one layer. Dropout between layers acts in training alone, which a module does not do. A module is
/// used by many threads at once, as a layer is.
///
/// @code
/// // torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True), saved under the name "module"
/// PyTorchModule lstm(load_safetensors("stack.safetensors"), {.prefix = "module."});
/// PyTorchOutputs y = lstm(Tensor::full({5, 2, 3}, 0.1, DType::f32));
/// std::puts(describe(y.output).c_str());  // (T, B, 8)
/// @endcode
class PyTorchModule {
 public:
  /// Throws as pytorch_network.
  explicit PyTorchModule(const Safetensors& file, const PyTorchModuleOptions& options = {});
  ~PyTorchModule();
  PyTorchModule(PyTorchModule&&) noexcept;
  PyTorchModule& operator=(PyTorchModule&&) noexcept;

  /// `x` is (T, B, I), with batch_first (B, T, I); or (T, I) of one sequence, whose states and results have no axis B
  /// either. It has the dtype of the weights. Results are row-major, with memory of their own. Keeps sessions for the
  /// eight sizes that were used last. Throws `ValueError` naming the argument that does not fit, before anything runs.
  PyTorchOutputs operator()(const Tensor& x, const PyTorchCall& call = {}) const;

  /// The layers and their weights.
  const LoadedNetwork& network() const;
  /// How inputs of this size would run, as NetworkPlan::explain.
  std::string explain(std::int64_t T, std::int64_t B) const;
  /// As Session::finish, for the runs with the eight sizes of inputs that were used last.
  SessionStatus finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
