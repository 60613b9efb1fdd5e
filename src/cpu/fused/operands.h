/// The rows that a run multiplies with weights: f32, or rounded as the weights are to bf16 or to 8 bits. The format of
/// the weights says how rows that are written for products lie in memory.
#pragma once

#include "cpu/fused/worker.h"

namespace rondo::fused {

class Operands {
 public:
  /// `run` and `scratch` must outlive the object.
  Operands(const WorkerArguments& run, const Scratch& scratch)
      : run_(run), scratch_(scratch), format_(run.weights.format()) {}

  /// x of row b at processing step s: where the caller has it, or converted, as live row `live` of the chunk.
  const float* input(std::int64_t s, std::int64_t b, std::int64_t live) const;

  /// States of live row `i` of a step, in memory of its own where products do not take f32.
  const float* state(std::int64_t i, const float* states) const;

 private:
  void narrow(const float* numbers, std::int64_t K, float* target) const;
  void split(const std::byte* numbers, DType dtype, std::int64_t K, float* target) const;
  void clear_padding(std::int64_t K, float* target) const;

  const WorkerArguments& run_;
  const Scratch& scratch_;
  const PanelFormat& format_;
};

}  // namespace rondo::fused
