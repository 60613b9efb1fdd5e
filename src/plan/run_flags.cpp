#include "plan/run_flags.h"

#include "recurrence/buffers.h"

namespace rondo {

RunFlags::RunFlags(Stream stream, bool may_stall) : words_(Tensor::zeros({kFlagWords}, DType::i32, stream.device)) {
  if (may_stall) notice_ = std::make_unique<StallNotice>(words_, stream);
}

SessionStatus RunFlags::take() {
  if (!words_.defined()) return {};
  const Tensor words_of_status = words_.slice(0, 0, kStatusWords);
  const Tensor taken = words_of_status.to(cpu()).clone();
  words_of_status.fill(0);
  if (notice_ != nullptr) notice_->clear();
  auto* words = static_cast<std::uint32_t*>(taken.data());
  return {.length_out_of_range = (words[0] & kLengthOutOfRange) != 0,
          .packed_out_of_range = (words[0] & kPackedOutOfRange) != 0,
          .stalled = (words[0] & kStalled) != 0,
          .stall = *stall_record(words)};
}

}  // namespace rondo
