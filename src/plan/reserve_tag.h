/// The tag in front of a reserve: which run has written it.
#pragma once

#include <cstdint>
#include <map>

#include "recurrence/weight_packs.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// A number for each of the facts that must be the same in a run and in its gradients.
struct ReserveTag {
  std::uint64_t mark = 0;     ///< the same in all tags
  std::uint64_t spec = 0;     ///< of the recurrence
  std::uint64_t tensors = 0;  ///< of the addresses and strides of the tensors that the gradients read again
  std::uint64_t weights = 0;  ///< of the weights, and of how often they have been reloaded
  bool operator==(const ReserveTag&) const = default;
};

/// A number for all that a spec says.
std::uint64_t tag_of(const RecurrenceSpec& spec);
/// The tag of a run with these tensors; `spec` is the tag of the spec.
ReserveTag tag_of(const SessionTensors& run, std::uint64_t spec, const WeightPacks& weights);

/// The tags of the reserves that a session has written. On the CPU a tag is in the first bytes of its reserve, and goes
/// with them. The host does not read a CUDA device's memory for it, so there the session remembers tags by address.
class ReserveTags {
 public:
  /// Notes that a run with this tag writes the reserve.
  void write(const Tensor& reserve, const ReserveTag& tag);

  /// Notes that the reserve has no run any more.
  void forget(const Tensor& reserve) { write(reserve, {}); }

  /// Throws `ValueError` unless the reserve has this tag, with the first fact that differs.
  void check(const Tensor& reserve, const ReserveTag& tag) const;

 private:
  ReserveTag found(const Tensor& reserve) const;

  std::map<const void*, ReserveTag> on_device_;
};

}  // namespace rondo
