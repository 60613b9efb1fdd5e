#include "layers/keras/cell_tape.h"

#include "plan/unwritten_reserve.h"
#include "recurrence/reserve.h"

namespace rondo {
namespace {

Tensor unwritten_like(const Tensor& tensor) { return Tensor::empty(tensor.shape(), tensor.dtype(), tensor.device()); }

std::vector<Tensor> unwritten_like(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> unwritten;
  for (const Tensor& tensor : tensors) unwritten.push_back(unwritten_like(tensor));
  return unwritten;
}

WeightGradients unwritten_like(const RecurrentWeights& weights) {
  const auto optional = [](const std::optional<Tensor>& weight) {
    return weight ? std::optional(unwritten_like(*weight)) : std::nullopt;
  };
  return {.kernel = unwritten_like(weights.kernel),
          .recurrent_kernel = unwritten_like(weights.recurrent_kernel),
          .bias = optional(weights.bias),
          .peepholes = optional(weights.peepholes),
          .projection = optional(weights.projection)};
}

std::vector<Tensor> in_keras_order(const WeightGradients& weights) {
  std::vector<Tensor> ordered;
  for (const auto* weight :
       {&weights.kernel, &weights.recurrent_kernel, &weights.bias, &weights.peepholes, &weights.projection}) {
    if (*weight) ordered.push_back(**weight);
  }
  return ordered;
}

}  // namespace

CellTape::CellTape(const KnownCell& cell, const RecurrenceSpec& spec, const PlanOptions& options,
                   SessionTensors tensors)
    : kept_(KeptCell::kept(cell)), spec_(spec), options_(options), run_(std::move(tensors)) {
  run_.reserve = unwritten_reserve(spec, reserve_layout(spec, spec.packed ? run_.x.size(0) : 0).bytes);
  tag_ = run_kept_with_reserve(kept_->sessions, kept_->weights, spec_, options_, run_);
  // The outputs belong to the caller, and gradients do not read them.
  run_.y.reset();
  run_.last_output.reset();
  run_.final_state.clear();
}

CellGradients CellTape::gradients(SessionGradients given) const {
  given.initial_state = unwritten_like(run_.initial_state);
  given.reset_state = unwritten_like(run_.reset_state);
  given.weights = unwritten_like(kept_->weights.weights());
  backward_kept(kept_->sessions, kept_->weights, spec_, options_, {run_, tag_, given});
  return {.x = *given.x,
          .initial_state = std::move(given.initial_state),
          .reset_state = std::move(given.reset_state),
          .weights = in_keras_order(given.weights)};
}

}  // namespace rondo
