#include "cpu/rondo_parts.h"

#include <algorithm>
#include <optional>

using namespace rondo;

namespace {

bool trains(const Work& work) { return work.spec.keep != Keep::nothing; }

// Steps begin .. end of the first `count` rows.
Work piece_of(const Work& work, std::int64_t begin, std::int64_t end, std::int64_t count) {
  const auto live = [&](const Tensor& sequence) { return sequence.slice(0, begin, end).slice(1, 0, count); };
  Work piece{.spec = work.spec, .tensors = {.x = live(work.tensors.x), .y = live(*work.tensors.y)}};
  piece.spec.T = end - begin;
  piece.spec.B = count;
  if (trains(work)) {
    piece.gradients = {.y = live(*work.gradients.y), .x = live(*work.gradients.x), .weights = work.gradients.weights};
    piece.gradients.accumulate_weights = true;
  }
  return piece;
}

// Hands the gradients of the later part's initial states to the earlier part. The later part has fewer rows, and rows
// that ended between the two keep zeros.
void link(Part& earlier, Part& later) {
  for (const Tensor& state : earlier.tensors.final_state) {
    const Tensor d_state = Tensor::zeros(state.shape(), state.dtype());
    earlier.gradients.final_state.push_back(d_state);
    later.gradients.initial_state.push_back(d_state.slice(0, 0, later.tensors.x.size(1)));
  }
}

}  // namespace

Part part_of(const Work& work, const SharedWeights& weights, const PlanOptions& options) {
  const Plan plan = Plan::create(work.spec, options);
  Part part{Session(plan, weights), work.tensors, work.gradients};
  if (trains(work)) {
    const auto rows = work.spec.packed ? std::optional(work.tensors.x.size(0)) : std::nullopt;
    part.tensors.reserve = Tensor::empty({static_cast<std::int64_t>(plan.reserve_bytes(rows))}, DType::u8);
  }
  return part;
}

void pack(Work& work, const std::vector<std::int32_t>& lengths) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t t = 0; t < work.spec.T; ++t)
    sizes.push_back(std::ranges::count_if(lengths, [t](std::int32_t length) { return length > t; }));
  const auto packed = [&](const Tensor& sequence) {
    std::vector<Tensor> rows;
    for (std::size_t t = 0; t < sizes.size(); ++t)
      rows.push_back(sequence.select(0, static_cast<std::int64_t>(t)).slice(0, 0, sizes[t]));
    return concat(rows, 0);
  };
  SessionTensors& tensors = work.tensors;
  SessionGradients& gradients = work.gradients;
  tensors.x = packed(tensors.x);
  const auto first_rows = [&](const Tensor& sequence) {
    return sequence.reshape({work.spec.T * work.spec.B, sequence.size(2)}).slice(0, 0, tensors.x.size(0));
  };
  tensors.y = first_rows(*tensors.y);
  tensors.batch_sizes = Tensor::from(sizes, {work.spec.T});
  if (gradients.y) gradients.y = packed(*gradients.y);
  if (gradients.x) gradients.x = first_rows(*gradients.x);
}

std::vector<Part> cut(const Work& work, const std::vector<std::int32_t>& lengths, const SharedWeights& weights,
                      const PlanOptions& options) {
  const RecurrenceSpec& spec = work.spec;
  std::vector<Tensor> rows;
  for (int k = 0; k < state_count(spec.cell.kind); ++k)
    rows.push_back(Tensor::zeros({spec.B, spec.cell.units}, spec.dtype));
  std::vector<Part> parts;
  std::int64_t begin = 0;
  for (std::int64_t count = spec.B; count > 0; --count) {
    const std::int64_t end = lengths[static_cast<std::size_t>(count - 1)];
    if (end == begin) continue;
    Work piece = piece_of(work, begin, end, count);
    for (const Tensor& state : rows) piece.tensors.final_state.push_back(state.slice(0, 0, count));
    if (begin > 0) piece.tensors.initial_state = piece.tensors.final_state;
    parts.push_back(part_of(piece, weights, options));
    begin = end;
  }
  if (!trains(work)) return parts;
  for (std::size_t k = 1; k < parts.size(); ++k) link(parts[k - 1], parts[k]);
  parts.back().gradients.accumulate_weights = false;  // the gradients of the last part are the first to be computed
  work.gradients.x->fill(0);                          // no part has the dead steps
  return parts;
}
