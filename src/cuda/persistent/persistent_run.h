/// What a persistent kernel is told. Floor 4.
#pragma once

#include "cuda/executors/result_rows.h"
#include "cuda/persistent/exchange.h"
#include "recurrence/cells/unit.h"
#include "recurrence/schedule.h"

namespace rondo {

template <typename Element>
struct PersistentRun {
  PersistentShape shape = {};
  Schedule schedule = {};
  Activations activations = {};
  const device::Words4* weights = nullptr;  ///< the recurrent kernel, as pack_tiles_kernel leaves it
  const float* bias = nullptr;              ///< (G H)
  const float* recurrent_bias = nullptr;    ///< (G H); looked at only where the Formula has two biases
  const float* input_sums = nullptr;        ///< (T, B, H G) by input step, `input_strides` apart: x W
  TimeBatchStrides input_strides = {};
  BatchRows<const Element> initial_h = {};  ///< absent: zeros
  BatchRows<const Element> initial_c = {};
  ResultRows<Element> results = {};
  Element* y = nullptr;  ///< (T, B, H) by write time, `y_strides` apart; null: no sequence is wanted
  TimeBatchStrides y_strides = {};
  GridMemory grid = {};
  std::uint32_t* flags = nullptr;  ///< bits such as kLengthOutOfRange
};

}  // namespace rondo
