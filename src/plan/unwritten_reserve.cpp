#include "plan/unwritten_reserve.h"

#include "recurrence/reserve.h"
#include "tensor/page_locked.h"

namespace rondo {

Tensor unwritten_reserve(const RecurrenceSpec& spec, std::size_t bytes) {
  const auto count = static_cast<std::int64_t>(bytes);
  return swaps_reserve(spec) ? page_locked_bytes(count, spec.device) : Tensor::empty({count}, DType::u8, spec.device);
}

}  // namespace rondo
