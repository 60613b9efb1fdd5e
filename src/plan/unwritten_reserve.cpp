#include "plan/unwritten_reserve.h"

#include "recurrence/reserve.h"
#include "tensor/page_locked.h"

namespace rondo {

Tensor unwritten_reserve(const RecurrenceSpec& spec, std::int64_t packed_rows) {
  const auto bytes = static_cast<std::int64_t>(reserve_layout(spec, packed_rows).bytes);
  return swaps_reserve(spec) ? page_locked_bytes(bytes, spec.device) : Tensor::empty({bytes}, DType::u8, spec.device);
}

}  // namespace rondo
