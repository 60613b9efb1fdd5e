/// What a device tells a session of its runs.
#pragma once

#include <memory>

#include "plan/stall_notice.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// The flags of a session's runs, or of its gradients: RecurrenceBuffers::flags.
class RunFlags {
 public:
  RunFlags() = default;
  /// Queues on `stream` what the flags need. Runs that `may_stall` give notice of it.
  RunFlags(Stream stream, bool may_stall);

  std::uint32_t* words() const { return static_cast<std::uint32_t*>(words_.data()); }
  /// As StallNotice::given.
  bool has_notice() const { return notice_ != nullptr && notice_->given(); }
  /// Reads and clears the flags; waits for the device. A stall is one of the runs.
  SessionStatus take();

 private:
  Tensor words_;                         // (kFlagWords,) i32; undefined without runs
  std::unique_ptr<StallNotice> notice_;  // where a run may stall
};

}  // namespace rondo
