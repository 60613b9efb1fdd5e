/// The weights that belong to single units of an LSTM's variant, as gate kernels load them.
#pragma once

#include "cuda/device/pack.cuh"
#include "cuda/stepwise/stepwise_arguments.h"

namespace rondo {

/// Such weights of kWidth units: none, unless the Formula is the LSTM's variant.
struct NoVariantUnits {};

template <typename Real, int kWidth>
struct LstmVariantUnits {
  bool has_peepholes = false;
  Real w_i[kWidth] = {};
  Real w_f[kWidth] = {};
  Real w_o[kWidth] = {};
  Real cell_clip = 0;

  __device__ LstmVariantUnit<Real> unit(int i) const { return {has_peepholes, w_i[i], w_f[i], w_o[i], cell_clip}; }
};

template <int kWidth>
__device__ inline NoVariantUnits variant_units(NoVariantStep, std::int64_t, int) {
  return {};
}

template <int kWidth, typename Element>
__device__ inline LstmVariantUnits<ComputeType<Element>, kWidth> variant_units(const LstmVariantStep<Element>& step,
                                                                               std::int64_t H, int u) {
  LstmVariantUnits<ComputeType<Element>, kWidth> units;
  units.cell_clip = step.cell_clip;
  units.has_peepholes = step.peepholes != nullptr;
  if (!units.has_peepholes) return units;
  device::read_pack(step.peepholes + u, units.w_i);
  device::read_pack(step.peepholes + H + u, units.w_f);
  device::read_pack(step.peepholes + 2 * H + u, units.w_o);
  return units;
}

}  // namespace rondo
