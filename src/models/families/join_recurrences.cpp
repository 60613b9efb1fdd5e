// Recurrences on top of each other become one network.
//
// Both layers have one mask, and both read forward, or both in both directions. So the upper one never reads what the
// lower one emits at a masked step: running layer after layer equals running a stack of their cells.

#include <algorithm>
#include <utility>

#include "models/families/recurrent.h"
#include "models/families/stacked_directions.h"
#include "models/layered_model.h"

namespace rondo {
namespace {

/// How many steps and outputs of the model read a slot.
int count_readers(const ModelProgram& program, int slot) {
  auto count = std::count(program.outputs.begin(), program.outputs.end(), slot);
  for (const ProgramStep& step : program.steps) count += std::count(step.inputs.begin(), step.inputs.end(), slot);
  return static_cast<int>(count);
}

std::unique_ptr<RNN> stacked(const RNN& lower, const RNN& upper) {
  std::vector<std::shared_ptr<Cell>> cells;
  for (const RNN* layer : {&lower, &upper}) {
    for (const KnownCell* cell : layer->known_cells()) {
      cells.push_back(std::make_shared<KnownCell>(cell->spec(), cell->weights()));
    }
  }
  return std::make_unique<RNN>(std::move(cells), upper.options());
}

/// Both calls have layers of one kind, and the lower one returns sequences.
bool fit(const BoundCall& lower, const BoundCall& upper) {
  if (lower.recurrence != nullptr && upper.recurrence != nullptr) return lower.recurrence->options().return_sequences;
  const std::vector<const Bidirectional*>& both = lower.both_directions;
  return !both.empty() && !upper.both_directions.empty() && both.back()->forward_layer().options().return_sequences;
}

bool joins(const ModelProgram& program, const ProgramStep& lower, const ProgramStep& upper) {
  const auto dtype_of = [&](const ProgramStep& step) {
    return program.slots[static_cast<std::size_t>(step.first_output)].dtype;
  };
  return fit(lower.call, upper.call) && upper.inputs == std::vector<int>{lower.first_output} &&
         dtype_of(lower) == dtype_of(upper) && count_readers(program, lower.first_output) == 1;
}

std::unique_ptr<ModelLayer> joined_layer(const BoundCall& lower, const BoundCall& upper, int threads) {
  if (lower.recurrence != nullptr) return recurrent_layer(stacked(*lower.recurrence, *upper.recurrence), threads);
  std::vector<const Bidirectional*> layers = lower.both_directions;
  layers.insert(layers.end(), upper.both_directions.begin(), upper.both_directions.end());
  return stacked_directions(std::move(layers), threads);
}

/// The call of the stack of both, in place of the upper one.
ProgramStep joined(ModelProgram& program, const ProgramStep& lower, const ProgramStep& upper, const std::string& where,
                   const ModelSetting& setting) {
  program.joined.push_back(joined_layer(lower.call, upper.call, setting.threads));
  const TensorNote& input = program.slots[static_cast<std::size_t>(lower.inputs[0])];
  const CallSite site(where, setting.origin, {{.name = "inputs", .is_list = false, .tensors = {0}}}, {input});
  ProgramStep step = upper;
  step.call = program.joined.back()->bind(site);
  step.inputs = lower.inputs;
  for (const std::size_t number : {lower.number, upper.number}) {
    const char* kind = upper.call.recurrence != nullptr ? "recurrence" : "recurrence in both directions";
    program.calls[number].how = std::string(kind) + ", in a network of several layers";
  }
  return step;
}

}  // namespace

void join_recurrences(ModelProgram& program, const std::string& where, const ModelSetting& setting) {
  for (std::size_t upper = 1; upper < program.steps.size(); ++upper) {
    for (std::size_t lower = 0; lower < upper; ++lower) {
      if (!joins(program, program.steps[lower], program.steps[upper])) continue;
      program.steps[upper] = joined(program, program.steps[lower], program.steps[upper], where, setting);
      program.steps.erase(program.steps.begin() + static_cast<std::ptrdiff_t>(lower));
      --upper;
      break;
    }
  }
}

}  // namespace rondo
