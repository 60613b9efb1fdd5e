#include "serving/slot_pool.h"

#include <utility>

#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class StatePoolSlots final : public SlotPool {
 public:
  explicit StatePoolSlots(StatePool pool) : pool_(std::move(pool)), open_before_(pool_.open_slots()) {
    const StatePoolOptions& options = pool_.options();
    if (options.device == cpu()) return;
    const std::int64_t rows = options.max_rows * options.max_steps;
    device_x_ = Tensor::empty({rows, pool_.input_features()}, pool_.dtype(), options.device);
    device_y_ = Tensor::empty({rows, pool_.output_features()}, pool_.dtype(), options.device);
    synchronize(current_stream(options.device));  // the memory is used on the streams of other threads
  }

  SlotPoolSizes sizes() const override {
    const StatePoolOptions& options = pool_.options();
    return {.slots = options.slots - open_before_,
            .max_rows = options.max_rows,
            .max_steps = options.max_steps,
            .input_features = pool_.input_features(),
            .output_features = pool_.output_features(),
            .dtype = pool_.dtype(),
            .eviction = options.eviction};
  }

  std::int64_t open() override { return pool_.open(); }
  void close(std::int64_t slot) override { pool_.close(slot); }

  void evict(std::int64_t slot, EvictionReason reason) override {
    try {
      if (pool_.options().on_eviction) pool_.options().on_eviction(slot, reason);
    } catch (...) {  // the slot is needed all the same
    }
    pool_.close(slot);
  }

  std::vector<std::byte> export_state(std::int64_t slot) const override { return pool_.export_state(slot); }
  void import_state(std::int64_t slot, std::span<const std::byte> state) override { pool_.import_state(slot, state); }
  void check_state(std::span<const std::byte> state) const override { pool_.check_state(state); }

  void run(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y) override {
    if (!device_x_.defined()) {
      pool_.run(chunks, x, y);
      return;
    }
    const Tensor device_x = device_x_.slice(0, 0, x.size(0));
    const Tensor device_y = device_y_.slice(0, 0, x.size(0));
    device_x.copy_from(x);
    synchronize(current_stream(device_x.device()));  // the pool's stream need not be the current one of this thread
    pool_.run(chunks, device_x, device_y);
    if (pool_.finish().stalled) throw DeviceError("a kernel of the pool stalled: its states are lost");
    y.copy_from(device_y);
  }

 private:
  StatePool pool_;
  const std::int64_t open_before_;  ///< slots of the owner's, which no stream of the batcher gets
  Tensor device_x_;                 ///< undefined on the CPU, as device_y_
  Tensor device_y_;
};

}  // namespace

std::unique_ptr<SlotPool> make_slot_pool(StatePool pool) { return std::make_unique<StatePoolSlots>(std::move(pool)); }

}  // namespace rondo
