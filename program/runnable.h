/// A model of any file as something that runs.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/formats/safetensors.h"

namespace rondo::program {

/// What a user says of a model beside its file.
struct ModelChoice {
  std::string file;
  std::string weights = {};             ///< of a model.json: the .h5 with the weights
  std::vector<std::string> parts = {};  ///< layers of Keras, nodes of ONNX, or the prefix of a PyTorch module
  bool batch_first = false;             ///< PyTorch
  std::string activation = "tanh";      ///< `nonlinearity` of a torch.nn.RNN
  std::string device = "cpu";
  std::string math = "strict";  ///< MatrixMath of all recurrences
};

/// An input or output: its name, which no other one has, and its sizes for messages and for --help: "(B, T, 3)".
struct Slot {
  std::string name;
  std::string sizes;
  bool required = true;  ///< of outputs: it is an answer, and no state that is told besides
  int rank = 3;          ///< -1: any
  DType dtype = DType::f32;
};

/// Tensors by the names of their slots.
using NamedTensors = std::vector<NamedTensor>;
using TensorMap = std::map<std::string, Tensor>;

/// One stream: reads a step of (B, I), and returns (B, ...).
class Stepper {
 public:
  virtual ~Stepper() = default;
  virtual Tensor step(const Tensor& x) = 0;
};

/// A model that runs.
class Runnable {
 public:
  virtual ~Runnable() = default;
  /// The first one is what a sole --input means.
  virtual std::vector<Slot> inputs() const = 0;
  virtual std::vector<Slot> outputs() const = 0;
  /// Runs with one tensor for each required input, of the slots' dtypes.
  virtual NamedTensors run(const TensorMap& inputs) = 0;
  /// Inputs of T steps and B rows for a benchmark.
  virtual TensorMap example(std::int64_t T, std::int64_t B) const = 0;
  virtual std::string explain(std::int64_t T, std::int64_t B) const = 0;
  /// A stream of B rows. Throws `ValueError` for a model that cannot read one step at a time.
  virtual std::unique_ptr<Stepper> stream(std::int64_t B) = 0;
  /// The numbers of one row in one step of a stream.
  virtual std::int64_t step_features() const = 0;
  /// The shape of one step of a stream; the first size is any.
  virtual Shape step_shape() const { return {1, step_features()}; }
  virtual DType dtype() const = 0;
  /// What somebody who takes it for the whole model should know; empty where it is.
  virtual std::string remark() const { return {}; }
};

/// Opens a model of any kind of file. Throws `ValueError` for a file that has no model that Rondo runs, or several of
/// which `choice` names none.
std::unique_ptr<Runnable> open_runnable(const ModelChoice& choice);

/// The recurrent layers of a file as a network: all layers of a module of PyTorch, the named or all nodes of ONNX, the
/// named or all recurrent layers of Keras.
LoadedNetwork open_network(const ModelChoice& choice);

/// A network, whose x is (B, T, I) with `batch_first`, else (T, B, I).
std::unique_ptr<Runnable> network_runnable(LoadedNetwork network, bool batch_first, std::string remark = {});
/// A stream through a network whose layers all read forward.
std::unique_ptr<Stepper> network_stepper(const LoadedNetwork& network, std::int64_t B);
/// A whole model of Keras.
std::unique_ptr<Runnable> keras_runnable(const ModelChoice& choice);

/// Random numbers within -1 and 1, the same in every run.
Tensor example_tensor(const Shape& shape, DType dtype);

}  // namespace rondo::program
