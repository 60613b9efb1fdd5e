#include "rondo/tensor/stream.h"

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

void synchronize(Stream stream) {
  if (stream.device.type == DeviceType::cuda) cuda_runtime::synchronize(stream);
}

void make_wait(Stream waiting, Stream awaited) {
  const bool both = waiting.device.type == DeviceType::cuda && awaited.device.type == DeviceType::cuda;
  const bool same = waiting.device == awaited.device && waiting.native == awaited.native;
  if (both && !same) cuda_runtime::make_wait(waiting, awaited);
}

}  // namespace rondo
