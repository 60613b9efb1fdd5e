// Recurrences on top of each other become one network.
//
// All layers have one mask, and each writes its outputs at the steps of its inputs. So an upper one never reads what
// the lower one emits at a masked step: running layer after layer equals running a stack of their cells, whatever the
// directions.

#include <algorithm>
#include <utility>

#include "models/families/recurrent_stack.h"
#include "models/layered_model.h"

namespace rondo {
namespace {

/// How many steps and outputs of the model read a slot.
int count_readers(const ModelProgram& program, int slot) {
  auto count = std::count(program.outputs.begin(), program.outputs.end(), slot);
  for (const ProgramStep& step : program.steps) count += std::count(step.inputs.begin(), step.inputs.end(), slot);
  return static_cast<int>(count);
}

/// The stack of both calls; absent where they stay apart.
std::optional<RecurrentStack> stack_of_both(const ModelProgram& program, const ProgramStep& lower,
                                            const ProgramStep& upper) {
  const auto dtype_of = [&](const ProgramStep& step) {
    return program.slots[static_cast<std::size_t>(step.first_output)].dtype;
  };
  const bool adjoin = lower.call.stack && upper.call.stack && upper.inputs == std::vector<int>{lower.first_output} &&
                      dtype_of(lower) == dtype_of(upper) && count_readers(program, lower.first_output) == 1;
  return adjoin ? joined_stack(*lower.call.stack, *upper.call.stack) : std::nullopt;
}

void tell_of_network(std::string& how) {
  const std::string network = ", in a network of several layers";
  if (!how.ends_with(network)) how += network;
}

/// The call of a stack, in place of the upper one of two.
ProgramStep joined(ModelProgram& program, const RecurrentStack& stack, const ProgramStep& lower,
                   const ProgramStep& upper, const std::string& where, const ModelSetting& setting) {
  program.joined.push_back(stack_layer(stack, setting.plan));
  TensorNote input = program.slots[static_cast<std::size_t>(lower.inputs[0])];
  if (!stack.masked) input.mask.reset();  // an earlier call may have taken it away
  const CallSite site(where, setting.origin, {{.name = "inputs", .is_list = false, .tensors = {0}}}, {input});
  ProgramStep step = upper;
  step.call = program.joined.back()->bind(site);
  step.inputs = lower.inputs;
  // A stream refuses the stack by the layer that reads backward.
  if (lower.call.stream == StreamRule::whole) step.layer = lower.layer;
  for (const std::size_t number : {lower.number, upper.number}) tell_of_network(program.calls[number].how);
  return step;
}

}  // namespace

void join_recurrences(ModelProgram& program, const std::string& where, const ModelSetting& setting) {
  for (std::size_t upper = 1; upper < program.steps.size(); ++upper) {
    for (std::size_t lower = 0; lower < upper; ++lower) {
      const auto stack = stack_of_both(program, program.steps[lower], program.steps[upper]);
      if (!stack) continue;
      program.steps[upper] = joined(program, *stack, program.steps[lower], program.steps[upper], where, setting);
      program.steps.erase(program.steps.begin() + static_cast<std::ptrdiff_t>(lower));
      --upper;
      break;
    }
  }
}

}  // namespace rondo
