#include "rondo/tensor/stream.h"

#include <optional>
#include <vector>

#include "cuda/runtime/runtime.h"

namespace rondo {
namespace {

// The calling thread's current streams, by the device's ordinal.
std::vector<Stream>& cuda_streams() {
  thread_local std::vector<Stream> streams;
  return streams;
}

}  // namespace

Stream current_stream(Device device) {
  const auto index = static_cast<std::size_t>(device.index);
  if (device.type == DeviceType::cpu || index >= cuda_streams().size()) return {device};
  return cuda_streams()[index];
}

StreamScope::StreamScope(Stream stream) : before_(current_stream(stream.device)) {
  if (stream.device.type == DeviceType::cpu) return;
  std::vector<Stream>& streams = cuda_streams();
  while (streams.size() <= static_cast<std::size_t>(stream.device.index)) {
    streams.push_back({cuda(static_cast<int>(streams.size()))});
  }
  streams[static_cast<std::size_t>(stream.device.index)] = stream;
}

StreamScope::~StreamScope() {
  if (before_.device.type == DeviceType::cuda) cuda_streams()[static_cast<std::size_t>(before_.device.index)] = before_;
}

struct OwnedStream::Impl {
  explicit Impl(Device device) : stream{device} {
    if (device.type == DeviceType::cpu) return;
    owned.emplace(device);
    stream = owned->get();
  }

  std::optional<cuda_runtime::OwnedStream> owned;
  Stream stream;
};

OwnedStream::OwnedStream(Device device) {
  check_device(device);
  impl_ = std::make_unique<Impl>(device);
}

OwnedStream::~OwnedStream() = default;
OwnedStream::OwnedStream(OwnedStream&&) noexcept = default;
OwnedStream& OwnedStream::operator=(OwnedStream&&) noexcept = default;

Stream OwnedStream::get() const { return impl_->stream; }

void synchronize(Stream stream) {
  if (stream.device.type == DeviceType::cuda) cuda_runtime::synchronize(stream);
}

void make_wait(Stream waiting, Stream awaited) {
  const bool both = waiting.device.type == DeviceType::cuda && awaited.device.type == DeviceType::cuda;
  const bool same = waiting.device == awaited.device && waiting.native == awaited.native;
  if (both && !same) cuda_runtime::make_wait(waiting, awaited);
}

}  // namespace rondo
