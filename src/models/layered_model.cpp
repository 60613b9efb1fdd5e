#include "models/layered_model.h"

#include <algorithm>
#include <map>
#include <utility>

#include "models/layer_table.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Calls multiply and add sizes, of which none may overflow however many layers follow each other.
void check_sizes(const TensorNote& note, const std::string& where) {
  if (std::all_of(note.shape.begin(), note.shape.end(), [](std::int64_t size) { return size <= kLargestSize; })) return;
  throw ValueError(where + ": output", note_text(note), "sizes of at most 2^31 - 1");
}

/// Numbers the tensors of a model and binds its calls.
class ProgramBuilder {
 public:
  ProgramBuilder(const ModelGraph& graph, std::string where, const ModelSetting& setting)
      : graph_(graph), where_(std::move(where)), setting_(setting) {}

  void add_input(const TensorReference& input, TensorNote note) {
    first_slots_[{input.layer, input.node}] = static_cast<int>(program_.slots.size());
    program_.inputs.push_back(static_cast<int>(program_.slots.size()));
    program_.slots.push_back(std::move(note));
  }

  void add_call(const TensorReference& call, ModelLayer& layer) {
    const GraphLayer& described = graph_.layers[static_cast<std::size_t>(call.layer)];
    const std::string where = where_ + ": layer '" + described.name + "'";
    ProgramStep step{.call = {}, .inputs = {}, .layer = call.layer};
    std::vector<TensorNote> notes;
    std::vector<CallArgument> arguments = arguments_of(described, call.node, where, step.inputs);
    for (const int slot : step.inputs) {
      notes.push_back(program_.slots[static_cast<std::size_t>(slot)]);
      if (program_.unmasked.contains(slot)) notes.back().mask.reset();
    }
    step.call = layer.bind(CallSite(where, setting_.origin, std::move(arguments), std::move(notes)));
    for (const TensorNote& note : step.call.outputs) check_sizes(note, where);
    step.number = program_.calls.size();
    program_.calls.push_back({call.layer, step.call.outputs, step.call.how});
    if (step.call.is_identity) {
      first_slots_[{call.layer, call.node}] = step.inputs[0];
      ends_[{call.layer, call.node}] = step.inputs[0] + 1;
      return;
    }
    step.first_output = static_cast<int>(program_.slots.size());
    first_slots_[{call.layer, call.node}] = step.first_output;
    for (const TensorNote& note : step.call.outputs) program_.slots.push_back(note);
    ends_[{call.layer, call.node}] = static_cast<int>(program_.slots.size());
    for (const int tensor : step.call.unmasked) program_.unmasked.insert(step.inputs[static_cast<std::size_t>(tensor)]);
    step.adjacent = !step.inputs.empty();
    for (std::size_t k = 1; k < step.inputs.size(); ++k) {
      step.adjacent = step.adjacent && step.inputs[k] == step.inputs[0] + static_cast<int>(k);
    }
    program_.steps.push_back(std::move(step));
  }

  ModelProgram take() {
    for (const TensorReference& output : graph_.outputs) program_.outputs.push_back(slot_of(output, where_));
    join_recurrences(program_, where_, setting_);
    std::vector<bool> read_later(program_.slots.size(), false);
    for (const int slot : program_.outputs) read_later[static_cast<std::size_t>(slot)] = true;
    for (auto step = program_.steps.rbegin(); step != program_.steps.rend(); ++step) {
      for (const int slot : step->inputs) {
        if (!read_later[static_cast<std::size_t>(slot)]) step->last_uses.push_back(slot);
        read_later[static_cast<std::size_t>(slot)] = true;
      }
    }
    return std::move(program_);
  }

 private:
  int slot_of(const TensorReference& tensor, const std::string& where) const {
    const auto first = first_slots_.find({tensor.layer, tensor.node});
    const auto end = ends_.find({tensor.layer, tensor.node});
    const std::string& name = graph_.layers[static_cast<std::size_t>(tensor.layer)].name;
    if (first == first_slots_.end()) throw ValueError(where, "layer '" + name + "'", "a layer that an input reaches");
    const int count = end == ends_.end() ? 1 : end->second - first->second;
    if (tensor.output >= 0 && tensor.output < count) return first->second + tensor.output;
    throw ValueError(where, "output " + std::to_string(tensor.output) + " of layer '" + name + "'",
                     "one of its " + std::to_string(count) + " outputs");
  }

  std::vector<CallArgument> arguments_of(const GraphLayer& layer, int node, const std::string& where,
                                         std::vector<int>& slots) const {
    const LayerRow* row = find_entry_row(layer.class_name, layer.entry);
    std::vector<CallArgument> arguments;
    const std::vector<GraphArgument>& given = layer.nodes[static_cast<std::size_t>(node)].arguments;
    for (std::size_t k = 0; k < given.size(); ++k) {
      CallArgument& argument = arguments.emplace_back();
      argument.name = given[k].name;
      if (argument.name.empty()) {
        const bool named = k > 0 && row != nullptr && k <= row->parameters.size();
        argument.name = k == 0 ? "inputs" : named ? row->parameters[k - 1] : "argument " + std::to_string(k);
      }
      argument.is_list = given[k].is_list;
      argument.constant = given[k].constant;
      for (const auto& tensor : given[k].tensors) {
        argument.tensors.push_back(tensor ? static_cast<int>(slots.size()) : -1);
        if (tensor) slots.push_back(slot_of(*tensor, where + ": " + argument.name));
      }
    }
    return arguments;
  }

  const ModelGraph& graph_;
  std::string where_;
  const ModelSetting& setting_;
  std::map<std::pair<int, int>, int> first_slots_;
  std::map<std::pair<int, int>, int> ends_;
  ModelProgram program_;
};

const KerasLayer& find_layer(std::span<const KerasLayer> layers, const std::string& name, const std::string& where) {
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const KerasLayer& one) { return one.name == name; });
  if (found == layers.end()) throw ValueError(where + ": layer '" + name + "'", "no weights", "its part of the file");
  return *found;
}

}  // namespace

LayeredModel::LayeredModel(const nlohmann::json& entry, std::span<const KerasLayer> layers, const std::string& where,
                           const ModelSetting& setting)
    : setting_(setting),
      where_(where),
      graph_(read_model_graph(entry, where, setting.origin)),
      order_(run_order(graph_, where)) {
  if (setting_.origin.major >= 3) order_ = by_depth(graph_, order_);
  for (const GraphLayer& layer : graph_.layers) {
    layers_.push_back(layer.input ? nullptr
                                  : make_model_layer(find_layer(layers, layer.name, where), layer.entry, setting_));
  }
}

std::vector<TensorNote> LayeredModel::inputs() const {
  std::vector<TensorNote> notes;
  for (const TensorReference& input : graph_.inputs) {
    notes.push_back(*graph_.layers[static_cast<std::size_t>(input.layer)].input);
  }
  return notes;
}

ModelProgram LayeredModel::bind(std::span<const TensorNote> inputs) const {
  ProgramBuilder builder(graph_, where_, setting_);
  for (std::size_t k = 0; k < graph_.inputs.size(); ++k) builder.add_input(graph_.inputs[k], inputs[k]);
  for (const TensorReference& call : order_) {
    ModelLayer* layer = layers_[static_cast<std::size_t>(call.layer)].get();
    if (layer != nullptr) builder.add_call(call, *layer);
  }
  return builder.take();
}

void LayeredModel::reset_states() {
  for (const auto& layer : layers_) {
    if (layer != nullptr) layer->reset_states();
  }
}

std::string LayeredModel::explain(std::int64_t B, std::int64_t T) const {
  std::string text;
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    const std::string of_layer = layers_[k] == nullptr ? "" : layers_[k]->explain(B, T);
    if (!of_layer.empty()) text += graph_.layers[k].name + " (" + graph_.layers[k].class_name + ")\n" + of_layer;
  }
  return text;
}

bool LayeredModel::is_stateful() const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [](const auto& layer) { return layer != nullptr && layer->is_stateful(); });
}

}  // namespace rondo
