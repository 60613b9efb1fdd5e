/// Whole models of Keras: from a file to the model's answer.
///
/// Source: Keras 2.15 and Keras 3; docs/guide/whole_models.md lists the classes of layers.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/keras_model.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Options of a Model. All members have defaults.
struct ModelOptions {
  /// Where the model runs. Its weights are moved there once.
  Device device = cpu();
  /// The most threads of the CPU that recurrences use; 0: as PlanOptions::threads.
  int threads = 0;
  /// How recurrences multiply f32, as PlanOptions::math; absent: MatrixMath::strict.
  std::optional<MatrixMath> math = std::nullopt;
};

/// An input or an output of a model.
struct ModelTensor {
  std::string name;  ///< of its layer, or the key in a model of named inputs; each once, as "lstm" and "lstm_1"
  Shape shape;       ///< the batch first; -1 for a size that every call may choose
  DType dtype = DType::f32;
};

class Model;

/// One stream through a model of causal layers: it reads one time step a call, and has states of its own. Recurrent
/// layers keep theirs, causal convolutions their latest inputs, and all other layers act on each step by itself. After
/// t steps the answers are those that `predict` gives for the sequence of these t steps: the last step of outputs that
/// are sequences, and the whole of others.
///
/// One thread at a time uses a stream; streams of one model are independent. A stream outlives its model.
///
/// @code
/// Model model = load_keras_model("forecast.keras");
/// ModelStream stream = model.stream();
/// Tensor frame = Tensor::zeros({1, 3}, DType::f32);  // (B, I), of an input (B, T, I)
/// for (int t = 0; t < 100; ++t) {
///   Tensor answer = stream.step(frame);
/// }
/// @endcode
class ModelStream {
 public:
  ~ModelStream();
  ModelStream(ModelStream&&) noexcept;
  ModelStream& operator=(ModelStream&&) noexcept;

  /// Reads one step of a model of one input and one output, without its time axis: (B, ...) of an input (B, T, ...).
  /// Throws `ValueError` as Model::predict, and for another batch than that of the first step.
  [[nodiscard]] Tensor step(const Tensor& x);
  /// The same with all inputs and outputs. Inputs without time are as `predict` takes them, at every step.
  [[nodiscard]] std::vector<Tensor> step(std::span<const Tensor> inputs);
  /// Begins anew: forgets all steps.
  void reset();
  /// What steps read and change, tensors (B, ...) of all layers that remember steps, in an order that stays. They are
  /// the stream's own: who copies all of them, and later copies the elements back, here or into another stream of the
  /// model, goes on from there. There are none before the first step, and in a model whose layers remember nothing.
  [[nodiscard]] std::vector<Tensor> states() const;

 private:
  friend class Model;
  struct Impl;
  explicit ModelStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A Keras model that computes its outputs in inference: Sequential or Functional, of Keras 2 or 3, with models within.
///
/// What a file of Keras 3 means is what Keras 3.15 makes of it, and a file of Keras 2 what Keras 2.15 does: masks pass
/// from layer to layer by their rules, and layers of dropout and noise do nothing.
///
/// A model keeps plans and packed weights for the shapes of earlier calls: a call with such a shape neither plans nor
/// packs. Many threads may call `predict` of a model at a time, unless it is stateful: then one thread at a time. On a
/// CUDA device a call queues its work on the current stream.
///
/// @code
/// Model model = load_keras_model("sentiment.keras");
/// Tensor words = Tensor::from({4, 17, 2, 0, 0, 0, 0}, {1, 7});
/// Tensor answer = model.predict(words);
/// @endcode
class Model {
 public:
  /// Makes all layers. Throws `ValueError` naming file, layer and argument for: a file of weights alone; a class of
  /// layers that Rondo does not run; a graph with cycles, or with references to layers that are not there; weights or
  /// shapes that do not fit.
  explicit Model(const KerasModel& contents, const ModelOptions& options = {});
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  /// What the model takes and gives, in the order of `predict`.
  const std::vector<ModelTensor>& inputs() const;
  const std::vector<ModelTensor>& outputs() const;

  /// Runs a model of one input and one output. `x` has the input's shape, with any batch, in any dtype and on any
  /// device; the result is on the model's device. Throws `ValueError` for a shape that does not fit, for a model of
  /// several inputs or outputs, and for values that a layer refuses, such as words beyond an Embedding's table.
  [[nodiscard]] Tensor predict(const Tensor& x);
  /// Runs a model: one tensor for each of inputs(), and the result one for each of outputs().
  [[nodiscard]] std::vector<Tensor> predict(std::span<const Tensor> inputs);
  [[nodiscard]] std::vector<Tensor> predict(const std::vector<Tensor>& inputs) { return predict(std::span(inputs)); }
  /// The same by name. Throws `ValueError` for a name that is missing or unknown.
  [[nodiscard]] std::map<std::string, Tensor> predict(const std::map<std::string, Tensor>& inputs);

  /// Whether a layer keeps its states from call to call.
  bool is_stateful() const;
  /// Makes the states that stateful layers keep zeros. A model without states stays as it is.
  void reset_states();

  /// A stream through the model. Throws `ValueError` naming the layer that cannot read one time step at a time: one
  /// that reads backwards, pools over time, or the like.
  [[nodiscard]] ModelStream stream() const;

  /// A table of the model's calls: layer, class, shape of the output, whether it carries a mask, and what runs it.
  std::string describe() const;
  /// Why each recurrence runs where it runs, in calls of B rows and T steps without a mask: what Plan::explain says of
  /// it.
  std::string explain(std::int64_t B, std::int64_t T) const;

 private:
  friend class ModelStream;
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with streams
};

/// Model(load_keras(path, registry), options). Throws as load_keras and Model.
[[nodiscard]] Model load_keras_model(const std::filesystem::path& path, const ModelOptions& options = {},
                                     const KerasRegistry& registry = {});
/// Model(load_keras(architecture, weights, registry), options): the JSON of `model.to_json()`, and a file of weights.
[[nodiscard]] Model load_keras_model(const std::filesystem::path& architecture, const KerasWeightsFile& weights,
                                     const ModelOptions& options = {}, const KerasRegistry& registry = {});

}  // namespace rondo
