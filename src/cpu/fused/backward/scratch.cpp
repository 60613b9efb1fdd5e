#include "cpu/fused/backward/scratch.h"

#include <algorithm>

#include "cpu/fused/backward/rerun.h"
#include "recurrence/workspace.h"

namespace rondo::fused {
namespace {

struct Cut {
  GradientScratch scratch;
  std::size_t bytes;
};

void cut_projection(WorkspaceCutter& cutter, const GradientShape& shape, std::int64_t capacity, std::int64_t states,
                    SharedGradients& shared) {
  shared.unprojected = cutter.take<float>(capacity * shape.state_stride());
  shared.d_projected = cutter.take<float>(capacity * shape.state_stride());
  shared.d_unprojected = cutter.take<float>(states);
  shared.projection = cutter.take<float>(shape.H * shape.h_panels() * shape.panel);
}

SharedGradients cut_shared(WorkspaceCutter& cutter, const RecurrenceSpec& spec, const GradientShape& shape,
                           std::int64_t capacity, int most_features) {
  SharedGradients shared{};
  shared.d_input = cutter.take<float>(capacity * shape.row_stride);
  shared.d_recurrent = shape.splits ? cutter.take<float>(capacity * shape.row_stride) : shared.d_input;
  shared.reset_h = cutter.take<float>(shape.two_products() ? capacity * shape.state_stride() : 0);
  shared.x = cutter.take<float>(spec.dtype == DType::f32 ? 0 : capacity * spec.I);
  shared.h = cutter.take<float>(spec.dtype == DType::f32 ? 0 : capacity * shape.P);
  const std::int64_t states = spec.B * shape.state_stride();
  for (float*& d_state : shared.d_states) d_state = cutter.take<float>(states);
  shared.d_reset_h = cutter.take<float>(shape.two_products() ? states : 0);
  for (float*& sums : shared.reset_sums)
    sums = cutter.take<float>(spec.has_resets ? std::max(states, shape.state_stride()) : 0);
  const auto features = [&](std::int64_t count) {
    return cutter.take<float>(feature_tiles(count, most_features) * capacity * kFeatureStride);
  };
  shared.x_features = features(spec.I);
  shared.h_features = features(shape.P);
  shared.reset_h_features = features(shape.two_products() ? shape.H : 0);
  shared.kernel = cutter.take<float>(spec.I * shape.columns);
  shared.recurrent_kernel = cutter.take<float>(shape.P * shape.columns);
  shared.bias = cutter.take<float>(shape.columns);
  shared.recurrent_bias = cutter.take<float>(shape.columns);
  const std::int64_t peepholes = spec.cell.use_peepholes ? kPeepholes * shape.gate_stride : 0;
  shared.peephole_terms = cutter.take<float>(capacity * peepholes);
  shared.peepholes = cutter.take<float>(peepholes);
  if (shape.projects) cut_projection(cutter, shape, capacity, states, shared);
  if (shape.projects) shared.unprojected_features = features(shape.H);
  return shared;
}

GradientNotes cut_notes(WorkspaceCutter& cutter, const RecurrenceSpec& spec, const GradientShape& shape,
                        const GradientScratch& chunk) {
  GradientNotes notes{};
  notes.live_rows = cutter.take<std::int32_t>(chunk.capacity);
  notes.first_live = cutter.take<std::int32_t>(chunk.steps + 1);
  notes.x = cutter.take<const float*>(chunk.capacity);
  notes.d_x = cutter.take<std::int64_t>(chunk.capacity);
  notes.h = cutter.take<const float*>(chunk.capacity);
  notes.reset_h = cutter.take<const float*>(chunk.capacity);
  notes.unprojected = cutter.take<const float*>(shape.projects ? chunk.capacity : 0);
  notes.operands = cutter.take<const float*>(chunk.capacity);
  notes.rows = cutter.take<GradientRow>(spec.B);
  notes.of_step = cutter.take<std::int32_t>(spec.B);
  notes.targets = cutter.take<float*>(spec.B);
  const bool converts = spec.keep == Keep::gates && reserve_dtype(spec) != DType::f32;
  notes.kept = cutter.take<float>(converts ? spec.B * (kept_count(spec.cell) + 1) * shape.H : 0);
  notes.block = cutter.take<float>(kMostRows * shape.panel);
  notes.step_sums = cutter.take<float>(std::max<std::int64_t>(spec.B, kMostRows) * shape.panel);
  notes.columns = cutter.take<float>(std::min(chunk.capacity, kPartRows) * shape.panel);
  notes.reaches = cutter.take<bool>(spec.T * spec.B);
  notes.own = cutter.take<bool>(spec.B);
  notes.shares = {cutter.take<std::int32_t>(spec.B), cutter.take<std::int32_t>(spec.B)};
  return notes;
}

Cut cut(void* workspace, const RecurrenceSpec& spec, const KernelTable& kernels, const Partition& partition,
        int index) {
  WorkspaceCutter cutter(workspace);
  const GradientShape shape(spec, kernels.lanes);
  GradientScratch scratch{};
  scratch.steps = std::clamp<std::int64_t>(spec.T, 1, kPartRows);
  scratch.capacity = gradient_steps(spec) * spec.B;
  scratch.shared = cut_shared(cutter, spec, shape, scratch.capacity, kernels.gradients.most_features);
  scratch.rerun = cut_rerun(cutter, spec, kernels, partition.threads());
  for (int part = 0; part < partition.threads(); ++part) {
    const GradientNotes notes = cut_notes(cutter, spec, shape, scratch);
    if (part == index) scratch.notes = notes;
  }
  return {scratch, cutter.used()};
}

}  // namespace

std::int64_t gradient_steps(const RecurrenceSpec& spec) {
  return std::clamp<std::int64_t>(kPartRows / std::max<std::int64_t>(spec.B, 1), 1, std::max<std::int64_t>(spec.T, 1));
}

GradientScratch cut_gradient_scratch(void* workspace, const RecurrenceSpec& spec, const KernelTable& kernels,
                                     const Partition& partition, int index) {
  return cut(workspace, spec, kernels, partition, index).scratch;
}

std::size_t gradient_scratch_bytes(const RecurrenceSpec& spec, const KernelTable& kernels, int threads) {
  std::size_t bytes = 0;
  for (int count = 1; count <= threads; ++count) {
    bytes = std::max(bytes, cut(nullptr, spec, kernels, partition(spec, count), 0).bytes);
  }
  return bytes;
}

}  // namespace rondo::fused
