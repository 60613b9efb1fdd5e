/// What a class of layers is to a model: an object that checks each call once, and gives the function that runs it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/call_site.h"
#include "models/layer_fields.h"
#include "rondo/formats/keras_model.h"
#include "rondo/keras/layers.h"

namespace rondo {

/// Computes the outputs of a call from its inputs, which have the order of CallSite::tensors. It writes all outputs
/// with their masks, and no input. On a CUDA device it only queues work.
using LayerFunction = std::function<void(std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs)>;

/// Runs a call one time step at a time; has the states of one stream.
class StreamedCall {
 public:
  virtual ~StreamedCall() = default;
  /// As LayerFunction, with a time axis of size 1 in every tensor that has one.
  virtual void step(std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs) = 0;
  /// Forgets all earlier steps.
  virtual void reset() = 0;
  /// What steps read and change, tensors (B, ...): none before the first step.
  virtual std::vector<Tensor> states() const = 0;
};

/// What a call is to a stream, which has one time step at a time.
enum class StreamRule : std::uint8_t {
  whole,     ///< needs the whole sequence: a stream refuses the call if one of its inputs has a time axis
  stepwise,  ///< output step t depends on input step t alone: the call runs as it is
  causal     ///< output step t depends on input steps up to t: BoundCall::make_stream makes what runs it
};

/// A cell that reads forward, and perhaps one that reads backward beside it. They belong to layers of the model.
struct StackedCells {
  const KnownCell* forward = nullptr;
  const KnownCell* backward = nullptr;
};

/// Recurrent layers on top of each other, from the input up: each reads the sequence of the one below, and all have the
/// mask of the lowest one.
struct RecurrentStack {
  std::vector<StackedCells> levels = {};
  RNNOptions options = {};  ///< of the top, which alone has a say in what comes out
  bool masked = false;
};

/// A call that has been checked.
struct BoundCall {
  std::vector<TensorNote> outputs;
  LayerFunction run;
  std::string how = {};  ///< what runs, for describe(): "identity", "matrix product", ...
  StreamRule stream = StreamRule::whole;
  std::function<std::unique_ptr<StreamedCall>()> make_stream = {};  ///< iff `causal`
  /// Tensors of the call that must not depend on the stream's inputs, such as initial states: they are read once.
  std::vector<int> stream_fixed = {};
  /// Tensors of the call whose masks Keras takes away: calls that come later do not see them.
  std::vector<int> unmasked = {};
  /// Whether outputs in a stream have a time axis, if inputs have: not those of an LSTM without return_sequences.
  bool stream_keeps_time = true;
  /// Whether the output is the input with its mask, so that the call need not run.
  bool is_identity = false;
  /// What the call runs, if that may become one network with the recurrence below or above; absent for all else.
  std::optional<RecurrentStack> stack = std::nullopt;
};

/// One layer of a model with its weights. Several calls share it.
class ModelLayer {
 public:
  virtual ~ModelLayer() = default;
  /// Checks a call as far as sizes are known, and gives what runs it. Throws `ValueError` naming file, layer and
  /// argument. The function may use this object, which outlives it, and checks sizes that were not known.
  virtual BoundCall bind(const CallSite& site) = 0;
  /// Forgets the states that a stateful layer keeps between calls.
  virtual void reset_states() {}
  virtual bool is_stateful() const { return false; }
  /// What plans say of runs with these sizes, a line each; empty for layers without plans.
  virtual std::string explain(std::int64_t /*B*/, std::int64_t /*T*/) const { return {}; }
};

/// What all layers of a model share.
struct ModelSetting {
  KerasOrigin origin;
  Device device = cpu();
  PlanOptions plan = {};  ///< of all recurrences
};

/// What a layer is made of. All references hold until the maker returns.
struct LayerSource {
  const KerasLayer& layer;             ///< as the file describes it; its weights are on the host
  const nlohmann::json& entry;         ///< class_name, config, ...
  const LayerFields& config;           ///< the entry's "config"
  const std::vector<Tensor>& weights;  ///< on the model's device, in Keras's order
  const ModelSetting& setting;

  const std::string& where() const { return config.where(); }
  /// The weights, of which there must be `count`. Throws `ValueError` for another number.
  const std::vector<Tensor>& exactly(std::size_t count) const;
  /// The dtype of the layer's computation: of its weights, or of its configuration.
  DType dtype() const;
};

using LayerMaker = std::unique_ptr<ModelLayer> (*)(const LayerSource& source);

/// A layer that is one function of its calls.
std::unique_ptr<ModelLayer> layer_of(std::function<BoundCall(const CallSite&)> bind);

/// A call of one input whose outputs carry the mask of the input, as layers with `supports_masking` have it, where
/// `pass` is true, and no mask where it is false. `compute` gives the output's value for the input's.
BoundCall one_to_one(const CallSite& site, TensorNote output, bool pass, std::function<Tensor(const Tensor&)> compute);

/// Makes the layer of an entry of a configuration. Throws `ValueError` naming file, layer and class.
std::unique_ptr<ModelLayer> make_model_layer(const KerasLayer& layer, const nlohmann::json& entry,
                                             const ModelSetting& setting);

}  // namespace rondo
