/// The arguments of a persistent kernel of gradients.
#pragma once

#include "cuda/common/kept_rows.h"
#include "cuda/common/result_rows.h"
#include "cuda/persistent/shape/exchange.h"
#include "cuda/stepwise/steps_kernel.h"
#include "recurrence/cells/unit.h"
#include "recurrence/schedule.h"

namespace rondo {

/// `Element` is the type of the spec's dtype. Rows are those of the reserve.
template <typename Element>
struct BackwardRun {
  PersistentShape shape = {};
  SharedLayout layout = {};  ///< as in PersistentRun
  Schedule schedule = {};
  BasicActivations activations = {};
  const device::Words4* weights =
      nullptr;  ///< the recurrent kernel, as pack_tiles_kernel leaves it for BackwardProduct
  KeptRows kept = {};
  const std::uint8_t* was_live = nullptr;  ///< (T, B) by processing step: whether a row has been live in its piece;
                                           ///< null: what dead rows emit does not depend on it
  const Element* d_y = nullptr;            ///< (T, B, H) by write time; null: zeros
  TimeBatchStrides d_y_strides = {};
  BatchRows<const Element> d_last_output = {};  ///< absent: zeros
  StepsState h = {};
  StepsState c = {};
  Element* d_input = nullptr;      ///< (rows, G H): the gradients of x W + b, zeros where a row is dead
  Element* d_recurrent = nullptr;  ///< (rows, G H): those of h U + rb; not written where both are the same
  GridMemory grid = {};
  std::uint32_t* flags = nullptr;  ///< RecurrenceBuffers::flags
};

}  // namespace rondo
