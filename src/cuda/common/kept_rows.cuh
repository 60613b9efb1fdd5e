/// How kernels read and write the elements of a reserve.
///
/// Element is the type of the spec's dtype. A reserve of bf16 has f16 where activations bound the gates: with
/// StandardActivations the compiler knows that, with others KeptRows::narrows tells.
#pragma once

#include <type_traits>

#include "cuda/common/kept_rows.h"
#include "cuda/common/standard_activations.cuh"
#include "cuda/device/pack.cuh"
#include "rondo/vocabulary/float16.h"

namespace rondo {

template <typename Element, typename Activations>
__device__ inline bool keeps_f16(const KeptRows& kept) {
  if constexpr (std::is_same_v<Element, Float16>) {
    return true;
  } else if constexpr (!std::is_same_v<Element, BFloat16>) {
    return false;
  } else {
    return std::is_same_v<Activations, StandardActivations> || kept.narrows;
  }
}

/// values = the kWidth elements from `index` on of a part of the reserve.
template <typename Element, typename Activations, int kWidth, typename Real>
__device__ inline void read_kept(const KeptRows& kept, const void* part, std::int64_t index, Real (&values)[kWidth]) {
  if constexpr (std::is_same_v<Element, BFloat16>) {
    if (keeps_f16<Element, Activations>(kept)) {
      return device::read_pack(static_cast<const Float16*>(part) + index, values);
    }
  }
  device::read_pack(static_cast<const Element*>(part) + index, values);
}

/// Writes `values` to the kWidth elements from `index` on of a part of the reserve. What f16 does not hold becomes the
/// greatest that it holds.
template <typename Element, typename Activations, int kWidth, typename Real>
__device__ inline void write_kept(const KeptRows& kept, const Real (&values)[kWidth], void* part, std::int64_t index) {
  if constexpr (std::is_same_v<Element, BFloat16> || std::is_same_v<Element, Float16>) {
    if (keeps_f16<Element, Activations>(kept)) {
      constexpr float kGreatest = 65504.0F;
      float bounded[kWidth];
      for (int i = 0; i < kWidth; ++i) bounded[i] = formula::clip(values[i], -kGreatest, kGreatest);
      return device::write_pack(bounded, static_cast<Float16*>(part) + index);
    }
  }
  device::write_pack(values, static_cast<Element*>(part) + index);
}

/// Whether the parts of the reserve may be accessed in packs of kWidth, in rows of h_units and c_units.
template <int kWidth, typename Element>
bool kept_fits_packs(const KeptRows& kept, std::int64_t h_units, std::int64_t c_units) {
  return device::fits_packs<kWidth>(static_cast<const Element*>(kept.gates), c_units) &&
         device::fits_packs<kWidth>(static_cast<const Element*>(kept.h), h_units) &&
         device::fits_packs<kWidth>(static_cast<const Element*>(kept.c), c_units);
}

}  // namespace rondo
