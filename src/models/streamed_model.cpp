#include "models/streamed_model.h"

#include <algorithm>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// What a tensor is to a stream.
enum class Flow : std::uint8_t {
  fixed,  ///< the same at every step, and without a time axis that the stream walks
  timed,  ///< one time step of a sequence
  latest  ///< what follows from the steps so far, without a time axis
};

/// (B, T, ...) has time, and so have numbers (B, T) that an Embedding reads, and (B, None).
bool has_time(const ModelGraph& graph, std::size_t number, const TensorNote& note) {
  if (note.shape.rank() != 2) return note.shape.rank() > 2;
  return note.shape[1] == kUnknownSize || readers_of(graph, graph.inputs[number]).embeddings > 0;
}

/// Follows what is a sequence through the calls, and refuses those that need all of it.
class FlowReader {
 public:
  FlowReader(const LayeredModel& model, const ModelProgram& program)
      : model_(model), flows_(program.slots.size(), Flow::fixed) {}

  std::vector<Flow>& flows() { return flows_; }

  void read(const ProgramStep& step) {
    std::vector<Flow> inputs;
    for (const int slot : step.inputs) inputs.push_back(flows_[static_cast<std::size_t>(slot)]);
    const auto has = [&](Flow flow) { return std::find(inputs.begin(), inputs.end(), flow) != inputs.end(); };
    Flow output = has(Flow::latest) ? Flow::latest : Flow::fixed;
    if (has(Flow::timed)) {
      if (step.call.stream == StreamRule::whole) refuse(step, "a layer that needs the whole sequence");
      output = step.call.stream_keeps_time ? Flow::timed : Flow::latest;
    }
    for (const int tensor : step.call.stream_fixed) {
      const bool fixed = inputs[static_cast<std::size_t>(tensor)] == Flow::fixed;
      if (has(Flow::timed) && !fixed) refuse(step, "initial states that change from step to step");
    }
    const auto count = static_cast<int>(step.call.outputs.size());
    for (int k = 0; k < count; ++k) {
      const bool state = k > 0 && step.call.stream == StreamRule::causal;  // final states have no time
      flows_[static_cast<std::size_t>(step.first_output + k)] = state && output == Flow::timed ? Flow::latest : output;
    }
  }

 private:
  [[noreturn]] void refuse(const ProgramStep& step, const std::string& came) const {
    const GraphLayer& layer = model_.graph().layers[static_cast<std::size_t>(step.layer)];
    throw ValueError(model_.where() + ": layer '" + layer.name + "'", came + ", of class " + layer.class_name,
                     "a layer that can read one time step at a time");
  }

  const LayeredModel& model_;
  std::vector<Flow> flows_;
};

}  // namespace

StreamedModel::StreamedModel(const LayeredModel& model) : inputs_(model.inputs()) {
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    timed_inputs_.push_back(has_time(model.graph(), k, inputs_[k]));
    if (timed_inputs_[k]) inputs_[k].shape[1] = 1;
  }
  if (std::find(timed_inputs_.begin(), timed_inputs_.end(), true) == timed_inputs_.end()) {
    throw ValueError(model.where() + ": inputs", "none with a time axis", "a model that reads sequences");
  }
  program_ = model.bind(inputs_);
  FlowReader reader(model, program_);
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    if (timed_inputs_[k]) reader.flows()[static_cast<std::size_t>(program_.inputs[k])] = Flow::timed;
  }
  for (const ProgramStep& step : program_.steps) {
    const bool timed = std::any_of(step.inputs.begin(), step.inputs.end(), [&](int slot) {
      return reader.flows()[static_cast<std::size_t>(slot)] == Flow::timed;
    });
    reader.read(step);
    streams_.push_back(timed && step.call.stream == StreamRule::causal ? step.call.make_stream() : nullptr);
  }
  for (const int slot : program_.outputs) {
    timed_outputs_.push_back(reader.flows()[static_cast<std::size_t>(slot)] == Flow::timed);
  }
}

std::vector<Tensor> StreamedModel::states() const {
  std::vector<Tensor> all;
  for (const auto& stream : streams_) {
    if (stream == nullptr) continue;
    const std::vector<Tensor> states = stream->states();
    all.insert(all.end(), states.begin(), states.end());
  }
  return all;
}

void StreamedModel::reset() {
  for (const auto& stream : streams_) {
    if (stream != nullptr) stream->reset();
  }
}

}  // namespace rondo
