#include "rondo/serving/state_pool.h"

#include <limits>

#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "serving/model_fingerprint.h"
#include "serving/state_pool_impl.h"

namespace rondo {
namespace {

const StatePoolOptions& checked(const LoadedNetwork& network, const StatePoolOptions& options) {
  const auto check = [](const char* name, std::int64_t size) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();  // so that no product of two overflows
    if (size < 1 || size > kMost) throw ValueError(name, std::to_string(size), "1 to 2^31 - 1");
  };
  if (network.spec.layers.empty()) throw ValueError("network", "no layers", "at least one");
  check("slots", options.slots);
  check("max_rows", options.max_rows);
  check("max_steps", options.max_steps);
  if (options.max_rows > options.slots) {
    throw ValueError("max_rows", std::to_string(options.max_rows),
                     "at most the slots, " + std::to_string(options.slots) + ", as a slot is in one chunk of a call");
  }
  return options;
}

// States between calls have the dtype, but f32 within a run. Where the two differ, every step is a run of its own, so
// that it does not matter how a stream is cut into chunks.
std::int64_t part_steps_of(DType dtype, std::int64_t max_steps) {
  constexpr std::int64_t kMostSteps = 64;  // more gain nothing, and need more memory
  return dtype == DType::f32 || dtype == DType::f64 ? std::min(max_steps, kMostSteps) : 1;
}

}  // namespace

StatePool::Impl::Impl(const LoadedNetwork& network, const StatePoolOptions& its_options)
    : options(checked(network, its_options)),
      stream(current_stream(options.device)),
      dtype(network.spec.layers.front().forward.dtype),
      input_features(network.input_features()),
      output_features(network.output_features()),
      fingerprint(model_fingerprint(network)),
      part_steps(part_steps_of(dtype, options.max_steps)),
      layers(network, {.slots = options.slots, .rows = options.max_rows, .steps = part_steps}, options.network, stream),
      slots(options.slots),
      order(options.max_rows),
      last_call(static_cast<std::size_t>(options.slots), 0),
      numbers(options.max_rows, part_steps, stream),
      moved_x(Tensor::zeros({options.max_rows * part_steps, input_features}, dtype, options.device)),
      moved_y(Tensor::zeros({options.max_rows * part_steps, output_features}, dtype, options.device)) {}

void StatePool::Impl::check_open(const std::string& name, std::int64_t slot) const {
  if (!slots.is_open(slot)) throw ValueError(name, std::to_string(slot), "an open slot");
}

StateImage StatePool::Impl::image() const {
  return {.fingerprint = fingerprint, .dtype = dtype, .bytes = layers.states().slot_bytes()};
}

void StatePool::Impl::evict(std::int64_t slot, EvictionReason reason) {
  if (options.on_eviction) options.on_eviction(slot, reason);
  slots.close(slot);
}

StatePool::StatePool(const LoadedNetwork& network, const StatePoolOptions& options)
    : impl_(std::make_unique<Impl>(network, options)) {}
StatePool::~StatePool() = default;
StatePool::StatePool(StatePool&&) noexcept = default;
StatePool& StatePool::operator=(StatePool&&) noexcept = default;

std::int64_t StatePool::open() {
  const auto now = std::chrono::steady_clock::now();
  if (const auto slot = impl_->slots.open(now)) return *slot;
  if (impl_->options.eviction == EvictionPolicy::never) {
    throw RuntimeError("slots: got one stream more than the " + std::to_string(impl_->options.slots) +
                       " that are open, expected a stream to end before");
  }
  impl_->evict(*impl_->slots.oldest(), EvictionReason::no_free_slot);
  return *impl_->slots.open(now);
}

void StatePool::close(std::int64_t slot) {
  impl_->check_open("slot", slot);
  impl_->slots.close(slot);
}

bool StatePool::is_open(std::int64_t slot) const { return impl_->slots.is_open(slot); }
std::int64_t StatePool::open_slots() const { return impl_->slots.open_count(); }

SessionStatus StatePool::finish() { return impl_->layers.finish(); }

std::vector<std::byte> StatePool::export_state(std::int64_t slot) const {
  impl_->check_open("slot", slot);
  const StateImage image = impl_->image();
  std::vector<std::byte> bytes = empty_image(image);
  const auto states = std::span(bytes).subspan(kStateHeadBytes);
  if (impl_->slots.is_fresh(slot)) {
    impl_->layers.states().read_rest(states);
  } else {
    impl_->layers.states().read(slot, states);
  }
  seal(image, bytes);
  return bytes;
}

void StatePool::import_state(std::int64_t slot, std::span<const std::byte> bytes) {
  impl_->check_open("slot", slot);
  impl_->layers.states().write(slot, checked_states(impl_->image(), bytes));
  impl_->slots.set_fresh(slot, false);
}

void StatePool::check_state(std::span<const std::byte> bytes) const {
  static_cast<void>(checked_states(impl_->image(), bytes));
}

void StatePool::save_rest_state(std::int64_t slot) {
  impl_->check_open("slot", slot);
  if (!impl_->slots.is_fresh(slot)) impl_->layers.states().save_rest(slot);
}

void StatePool::clear_rest_state() { impl_->layers.states().clear_rest(); }

std::int64_t StatePool::evict_idle(std::chrono::nanoseconds idle) {
  const auto now = std::chrono::steady_clock::now();
  std::int64_t evicted = 0;
  while (const auto slot = impl_->slots.oldest()) {
    if (now - impl_->slots.last_use(*slot) <= idle) break;
    impl_->evict(*slot, EvictionReason::idle);
    ++evicted;
  }
  return evicted;
}

const StatePoolOptions& StatePool::options() const { return impl_->options; }
DType StatePool::dtype() const { return impl_->dtype; }
std::int64_t StatePool::input_features() const { return impl_->input_features; }
std::int64_t StatePool::output_features() const { return impl_->output_features; }
std::uint64_t StatePool::fingerprint() const { return impl_->fingerprint; }
std::size_t StatePool::state_bytes() const {
  return impl_->layers.states().slot_bytes() * static_cast<std::size_t>(impl_->options.slots);
}
std::size_t StatePool::slot_bytes() const { return impl_->layers.states().slot_bytes(); }
std::string StatePool::explain() const { return impl_->layers.explain(); }

}  // namespace rondo
