/// The arguments of a persistent kernel.
#pragma once

#include "cuda/common/kept_rows.h"
#include "cuda/common/result_rows.h"
#include "cuda/persistent/shape/exchange.h"
#include "cuda/persistent/shape/shared_layout.h"
#include "recurrence/cells/unit.h"
#include "recurrence/schedule.h"

namespace rondo {

/// The inputs of a kernel that multiplies x itself.
template <typename Element>
struct RunInputs {
  const Element* data = nullptr;  ///< (T, B, I)
  TimeBatchStrides strides = {};
  std::int32_t I = 0;
  bool in_words = false;                    ///< whether all rows begin and end at words of 4 bytes
  const device::Words4* weights = nullptr;  ///< the kernel, as pack_tiles_kernel leaves it
};

template <typename Element>
struct PersistentRun {
  PersistentShape shape = {};
  SharedLayout layout = {};  ///< filled in by PersistentKernels::launch: a kernel reads it from the constant memory of
                             ///< its arguments, which spares registers
  Schedule schedule = {};
  BasicActivations activations = {};
  const device::Words4* weights = nullptr;  ///< the recurrent kernel, as pack_tiles_kernel leaves it
  const float* bias = nullptr;              ///< (G H)
  const float* recurrent_bias = nullptr;    ///< (G H); read only where the Formula has two biases
  RunInputs<Element> x = {};                ///< read where PersistentShape::multiplies_inputs
  const float* input_sums = nullptr;        ///< (T, B, H G) by input step, `input_strides` apart: x W, where the kernel
                                            ///< does not multiply x
  TimeBatchStrides input_strides = {};
  BatchRows<const Element> initial_h = {};  ///< absent: zeros
  BatchRows<const Element> initial_c = {};
  BatchRows<const Element> piece_h = {};  ///< what a reset replaces the states by; absent: zeros
  BatchRows<const Element> piece_c = {};
  ResultRows<Element> results = {};
  Element* y = nullptr;  ///< (T, B, H) by write time, `y_strides` apart; null: no sequence is wanted
  TimeBatchStrides y_strides = {};
  GridMemory grid = {};
  std::uint32_t* flags = nullptr;  ///< bits such as kLengthOutOfRange
};

/// The arguments of a persistent kernel whose runs keep a reserve.
template <typename Element>
struct KeepingRun : PersistentRun<Element> {
  KeptRows kept = {};
};

}  // namespace rondo
