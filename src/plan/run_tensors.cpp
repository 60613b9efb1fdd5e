#include "plan/run_tensors.h"

#include "rondo/vocabulary/error.h"

namespace rondo {

void check_rows(const Tensor& tensor, const Requirement& required) {
  check_tensor(tensor, required);
  // An innermost axis of one element has no gaps, whatever its stride is.
  if (tensor.size(-1) > 1 && tensor.stride(-1) != 1) {
    throw ValueError(required.name, "an innermost stride of " + std::to_string(tensor.stride(-1)), "1");
  }
}

void check_states(const std::vector<Tensor>& states, const std::string& name, const RecurrenceSpec& spec) {
  const auto expected = static_cast<std::size_t>(state_count(spec.cell.kind));
  if (states.empty()) return;
  if (states.size() != expected) {
    throw ValueError(name, std::to_string(states.size()) + " tensors", std::to_string(expected));
  }
  for (std::size_t k = 0; k < expected; ++k) {
    const Shape shape{spec.B, state_units(spec.cell, static_cast<int>(k))};
    check_rows(states[k], {name + "[" + std::to_string(k) + "]", shape, spec.dtype, spec.device});
  }
}

void check_mask(const std::optional<Tensor>& mask, bool planned, const RecurrenceSpec& spec) {
  if (mask.has_value() != planned) {
    throw ValueError("mask", planned ? "none" : "one", planned ? "one, as planned" : "none, as planned");
  }
  if (planned) check_tensor(*mask, {"mask", {spec.T, spec.B}, DType::boolean, spec.device});
}

void check_lengths(const std::optional<Tensor>& lengths, bool planned, const RecurrenceSpec& spec) {
  if (lengths.has_value() != planned) {
    throw ValueError("lengths", planned ? "none" : "some", planned ? "some, as planned" : "none, as planned");
  }
  if (planned) check_tensor(*lengths, {"lengths", {spec.B}, DType::i32, spec.device});
}

}  // namespace rondo
