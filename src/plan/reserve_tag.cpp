#include "plan/reserve_tag.h"

#include <bit>
#include <cstring>

#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::uint64_t kMark = 0x6f646e6f72706b31;  // "1kprondo"

static_assert(sizeof(ReserveTag) <= kReserveTagBytes);

/// FNV-1a over numbers.
class Hash {
 public:
  void add(std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte, number >>= 8) sum_ = (sum_ ^ (number & 0xff)) * 0x100000001b3;
  }
  void add(const Tensor& tensor) {
    add(reinterpret_cast<std::uintptr_t>(tensor.data()));
    for (int axis = 0; axis < static_cast<int>(tensor.rank()); ++axis)
      add(static_cast<std::uint64_t>(tensor.stride(axis)));
  }
  void add(const std::optional<Tensor>& tensor) {
    if (tensor) add(*tensor);
  }
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325;
};

}  // namespace

std::uint64_t tag_of(const RecurrenceSpec& spec) {
  Hash hash;
  for (const char letter : to_string(spec)) hash.add(static_cast<unsigned char>(letter));
  // The text has neither the activations nor whether there is a bias.
  for (const Activation& activation : {spec.cell.activation, spec.cell.recurrent_activation}) {
    hash.add(activation.kind);
    for (const double parameter : {activation.alpha, activation.beta, activation.gamma}) {
      hash.add(std::bit_cast<std::uint64_t>(parameter));
    }
  }
  hash.add(spec.cell.use_bias ? 1 : 0);
  return hash.sum();
}

ReserveTag tag_of(const SessionTensors& run, std::uint64_t spec, const WeightPacks& weights) {
  ReserveTag tag{.mark = kMark, .spec = spec};
  Hash of_tensors;
  of_tensors.add(run.x);
  for (const auto* tensor : {&run.mask, &run.lengths, &run.resets, &run.batch_sizes, &run.row_indices}) {
    of_tensors.add(*tensor);
  }
  for (const Tensor& state : run.reset_state) of_tensors.add(state);
  tag.tensors = of_tensors.sum();
  Hash of_weights;
  of_weights.add(reinterpret_cast<std::uintptr_t>(&weights));
  of_weights.add(weights.version());
  tag.weights = of_weights.sum();
  return tag;
}

void ReserveTags::write(const Tensor& reserve, const ReserveTag& tag) {
  if (reserve.device() == cpu()) {
    std::memcpy(reserve.data(), &tag, sizeof(tag));
  } else {
    on_device_[reserve.data()] = tag;
  }
}

ReserveTag ReserveTags::found(const Tensor& reserve) const {
  ReserveTag tag;
  if (reserve.device() == cpu()) {
    std::memcpy(&tag, reserve.data(), sizeof(tag));
  } else if (const auto noted = on_device_.find(reserve.data()); noted != on_device_.end()) {
    tag = noted->second;
  }
  return tag;
}

void ReserveTags::check(const Tensor& reserve, const ReserveTag& tag) const {
  const ReserveTag written = found(reserve);
  const auto require = [](bool fits, const char* got, const char* expected) {
    if (!fits) throw ValueError("reserve", got, expected);
  };
  require(written.mark == tag.mark, "memory that no run has written, or whose run was consumed",
          "the reserve of a run");
  require(written.spec == tag.spec, "the reserve of a run of another plan", "one of this session's plan");
  require(written.tensors == tag.tensors, "the reserve of a run with other tensors",
          "the x, mask, lengths, resets and other tensors of that run");
  require(written.weights == tag.weights, "the reserve of a run with other weights, or before they were reloaded",
          "one with the session's weights as they are");
}

}  // namespace rondo
