/// A model as layers that have been made, and the program of its calls for inputs of a kind.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "models/model_graph.h"
#include "models/model_layer.h"

namespace rondo {

/// A call of a layer in a program. Tensors have numbers, their slots.
struct ProgramStep {
  BoundCall call;
  std::vector<int> inputs = {};     ///< slots, in the order of CallSite::tensors
  int first_output = 0;             ///< the slots of outputs follow each other
  std::vector<int> last_uses = {};  ///< slots that no later step reads
  int layer = 0;
  std::size_t number = 0;  ///< of the call in ModelProgram::calls
  bool adjacent = false;   ///< whether the inputs' slots follow each other
};

/// What is told of a call.
struct CallNote {
  int layer = 0;
  std::vector<TensorNote> outputs = {};
  std::string how = {};
};

/// The calls of a model in their order.
struct ModelProgram {
  std::vector<CallNote> calls;  ///< all, also those that need no step
  std::vector<ProgramStep> steps;
  std::vector<TensorNote> slots;
  std::vector<int> inputs;  ///< slots
  std::vector<int> outputs;
  std::set<int> unmasked = {};  ///< slots whose masks a call took away: what reads them later does not see these
  std::vector<std::shared_ptr<ModelLayer>> joined = {};  ///< layers of this program alone

  /// Runs all calls. Inputs have the dtypes and ranks of their notes. Many threads may call it, if no layer is
  /// stateful.
  void run(std::span<const MaskedTensor> given, std::span<MaskedTensor> results) const;
  /// The same with a function in place of some steps': `streams` has one for each step, or null.
  void run(std::span<const MaskedTensor> given, std::span<MaskedTensor> results,
           std::span<const std::unique_ptr<StreamedCall>> streams) const;
};

/// Makes one network of recurrences that stand on top of each other, where nothing else reads the sequence between
/// them. A step then runs all of them, so that executors may run layers at once.
void join_recurrences(ModelProgram& program, const std::string& where, const ModelSetting& setting);

/// The layers of a model with their weights.
class LayeredModel {
 public:
  /// Reads the graph of `entry` and makes all layers, whose weights are in `layers`. Throws `ValueError` as
  /// read_model_graph and make_model_layer.
  LayeredModel(const nlohmann::json& entry, std::span<const KerasLayer> layers, const std::string& where,
               const ModelSetting& setting);

  const ModelGraph& graph() const { return graph_; }
  const std::string& where() const { return where_; }
  const ModelSetting& setting() const { return setting_; }
  /// What the configuration says of the inputs.
  std::vector<TensorNote> inputs() const;
  /// The layer of a program's step; null for an input.
  ModelLayer* layer(int number) const { return layers_[static_cast<std::size_t>(number)].get(); }

  /// Checks all calls for inputs of which this is known. The program uses this object.
  ModelProgram bind(std::span<const TensorNote> inputs) const;
  void reset_states();
  bool is_stateful() const;
  /// ModelLayer::explain of all layers that have plans, with their names.
  std::string explain(std::int64_t B, std::int64_t T) const;

 private:
  ModelSetting setting_;
  std::string where_;
  ModelGraph graph_;
  std::vector<TensorReference> order_;
  std::vector<std::unique_ptr<ModelLayer>> layers_;  ///< null for inputs
};

/// An input of a run, with the dtype and the rank that its note has: cast, with a last axis of size 1 dropped or added,
/// as Keras. Throws `ValueError` naming `name` if the shape does not fit the note; any batch does.
MaskedTensor conformed(const MaskedTensor& given, const TensorNote& note, const std::string& name);
TensorNote conformed(const TensorNote& given, const TensorNote& note, const std::string& name);

}  // namespace rondo
