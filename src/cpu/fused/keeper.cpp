#include "cpu/fused/keeper.h"

#include <algorithm>

#include "vocabulary/activations/numbers.h"

namespace rondo::fused {

Keeper::Keeper(const RecurrenceSpec& spec, const KernelTable& kernels, const KeptSteps& steps, const OwnUnits& units,
               float* const* scratch)
    : spec_(spec),
      kernels_(kernels),
      steps_(steps),
      layout_(steps_.layout),
      base_(static_cast<std::byte*>(steps.memory)),
      units_(units),
      scratch_(scratch) {}

std::int64_t Keeper::gates_scratch(const RecurrenceSpec& spec) {
  const bool converts = spec.keep == Keep::gates && reserve_dtype(spec) != DType::f32;
  return converts ? kept_count(spec.cell) * spec.cell.units : 0;
}

void Keeper::keep_states(std::int64_t row, const float* h, const float* c) const {
  store(h, units_.h, at(layout_.h_offset, row * layout_.h + units_.h.begin));
  if (layout_.c == 0) return;
  store(c, units_.gates, at(layout_.c_offset, row * layout_.c + units_.gates.begin));
}

float* Keeper::gates(std::int64_t s, std::int64_t row, std::int64_t index) const {
  if (layout_.gates == 0) return nullptr;
  if (layout_.dtype != DType::f32) return scratch_[s % 2] + index * layout_.gates;
  return reinterpret_cast<float*>(at(layout_.gates_offset, row * layout_.gates));
}

void Keeper::finish(std::int64_t s, std::int64_t row, std::int64_t index) const {
  if (layout_.gates == 0 || layout_.dtype == DType::f32) return;
  const std::int64_t H = spec_.cell.units;
  for (std::int64_t first = 0; first < layout_.gates; first += H) {
    store(scratch_[s % 2] + index * layout_.gates + first, units_.gates,
          at(layout_.gates_offset, row * layout_.gates + first + units_.gates.begin));
  }
}

// Numbers that f16 does not hold become the greatest that it holds: with an infinite one, a gradient would be NaN where
// a closed gate makes it zero.
void Keeper::store(const float* source, const Range& units, std::byte* target) const {
  const DType dtype = layout_.dtype;
  const float* const first = source + units.begin;
  if (dtype != DType::f16) return kernels_.store_row(first, units.size(), dtype, target);
  constexpr float kGreatest = 65504.0F;
  constexpr std::int64_t kBlock = 64;
  float block[kBlock];
  for (std::int64_t done = 0; done < units.size(); done += kBlock) {
    const std::int64_t count = std::min(kBlock, units.size() - done);
    std::transform(first + done, first + done + count, block,
                   [](float value) { return formula::clip(value, -kGreatest, kGreatest); });
    kernels_.store_row(block, count, dtype, target + static_cast<std::size_t>(done) * size_of(dtype));
  }
}

}  // namespace rondo::fused
