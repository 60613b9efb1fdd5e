/// The rows that a run multiplies with weights: f32, or rounded as the weights are to bf16 or to 8 bits. The format of
/// the weights says how rows that are written for products lie in memory.
#pragma once

#include "cpu/fused/worker.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {

class Operands {
 public:
  /// `run` and `scratch` must outlive the object.
  Operands(const WorkerArguments& run, const Scratch& scratch)
      : run_(run),
        scratch_(scratch),
        format_(run.weights.format()),
        element_bytes_(static_cast<std::int64_t>(size_of(run.spec.dtype))),
        features_(output_units(run.spec.cell)),
        takes_input_(format_.takes(run.spec.dtype, run.spec.I)),
        takes_state_(format_.takes(DType::f32, features_)),
        input_stride_(format_.operand_stride(run.spec.I)),
        state_stride_(format_.operand_stride(features_)) {}

  /// x of row b at processing step s: where the caller has it, or converted, as live row `live` of the chunk.
  const float* input(std::int64_t s, std::int64_t b, std::int64_t live) const;

  /// States of live row `i` of a step, in memory of its own where products do not take f32.
  const float* state(std::int64_t i, const float* states) const;

  /// Floats from one row of x that was written for products to the next, and likewise of h.
  std::int64_t input_stride() const { return input_stride_; }
  std::int64_t state_stride() const { return state_stride_; }

 private:
  void narrow(const float* numbers, std::int64_t K, float* target) const;
  void split(const std::byte* numbers, DType dtype, std::int64_t K, float* target) const;
  void clear_padding(std::int64_t K, float* target) const;

  const WorkerArguments& run_;
  const Scratch& scratch_;
  const PanelFormat& format_;
  const std::int64_t element_bytes_;  ///< of x
  const std::int64_t features_;       ///< of h
  const bool takes_input_;            ///< products take x where the caller has it
  const bool takes_state_;            ///< products take h where it is
  const std::int64_t input_stride_;
  const std::int64_t state_stride_;
};

}  // namespace rondo::fused
