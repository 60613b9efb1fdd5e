/// Where the inputs, masks, states and results of the rows of one thread are. UnitRows (unit_rows.cuh) computes with
/// what is there.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/device/prefetch.cuh"
#include "cuda/persistent/kernel/persistent_run.h"
#include "cuda/persistent/kernel/product_sums.cuh"

namespace rondo {

template <typename Formula, typename Element, typename Counts>
class RowMemory : public ProductSums<Formula, PersistentRun<Element>, Counts> {
  using Sums = ProductSums<Formula, PersistentRun<Element>, Counts>;

 public:
  using Sums::Sums;

  /// x W at input step t.
  __device__ const float* inputs(std::int32_t t, int i) const {
    return run_.input_sums + run_.input_strides.offset_32(t, this->batch(i)) + place_.u * kGates;
  }
  /// Brings the inputs and the mask of input step t to the L2 cache.
  __device__ void prefetch(std::int32_t t, int i) const {
    if (place_.unit % kPrefetchedUnits == 0) device::prefetch_to_l2(inputs(t, i));
    if (run_.schedule.mask != nullptr && place_.unit == 0) {
      device::prefetch_to_l2(run_.schedule.mask_byte(t, this->batch(i)));
    }
  }

  template <typename Rows>
  __device__ float read(const Rows& rows, int i) const {
    return rows.data == nullptr ? 0.0F : device::to_float(rows.data[this->state_row(i) * rows.stride + place_.u]);
  }
  __device__ void write(float value, const BatchRows<Element>& rows, int i) const {
    if (rows.data != nullptr) device::from_float(value, rows.data[this->state_row(i) * rows.stride + place_.u]);
  }

 protected:
  using Sums::place_;
  using Sums::run_;

 private:
  static constexpr int kGates = Formula::kGates;
  /// Units whose inputs one prefetch brings: 32 bytes, or most of them.
  static constexpr int kPrefetchedUnits = 8 / kGates;
};

}  // namespace rondo
