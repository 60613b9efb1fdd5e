#include "rondo/serving/stream_batcher.h"

#include <memory>
#include <utility>

#include "serving/batcher_thread.h"

namespace rondo {
namespace {

/// The answer that `queue(done)` lets come.
template <typename Queue>
std::future<StreamAnswer> awaited(const Queue& queue) {
  const auto promise = std::make_shared<std::promise<StreamAnswer>>();
  std::future<StreamAnswer> answer = promise->get_future();
  queue([promise](StreamAnswer result) { promise->set_value(std::move(result)); });
  return answer;
}

}  // namespace

struct StreamBatcher::Impl {
  BatcherThread thread;
};

StreamBatcher::StreamBatcher(StatePool pool, const StreamBatcherOptions& options)
    : impl_(new Impl{.thread = BatcherThread(make_slot_pool(std::move(pool)), options)}) {}

StreamBatcher::~StreamBatcher() {
  // A child of fork() can neither join the thread nor free what the thread may have been writing.
  if (impl_ && !impl_->thread.is_here()) static_cast<void>(impl_.release());
}

StreamBatcher::StreamBatcher(StreamBatcher&&) noexcept = default;

StreamBatcher& StreamBatcher::operator=(StreamBatcher&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

std::uint64_t StreamBatcher::submit(StreamRequest request, Done done) {
  return impl_->thread.submit(std::move(request), std::move(done));
}

std::uint64_t StreamBatcher::export_state(StreamKey stream, Done done) {
  return impl_->thread.export_state(stream, std::move(done));
}

std::uint64_t StreamBatcher::import_state(StreamKey stream, std::vector<std::byte> state, Done done) {
  return impl_->thread.import_state(stream, std::move(state), std::move(done));
}

std::future<StreamAnswer> StreamBatcher::submit(StreamRequest request) {
  return awaited([&](Done done) { submit(std::move(request), std::move(done)); });
}

std::future<StreamAnswer> StreamBatcher::export_state(StreamKey stream) {
  return awaited([&](Done done) { export_state(std::move(stream), std::move(done)); });
}

std::future<StreamAnswer> StreamBatcher::import_state(StreamKey stream, std::vector<std::byte> state) {
  return awaited([&](Done done) { import_state(std::move(stream), std::move(state), std::move(done)); });
}

bool StreamBatcher::cancel(std::uint64_t request) { return impl_->thread.cancel(request); }
void StreamBatcher::drain() { impl_->thread.drain(); }
StreamMetrics StreamBatcher::metrics() const { return impl_->thread.metrics(); }

std::string StreamBatcher::prometheus(std::string_view model) const {
  const ModelMetrics named = {.model = std::string(model), .metrics = metrics()};
  return rondo::prometheus({&named, 1});
}

}  // namespace rondo
