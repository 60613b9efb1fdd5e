/// The current stream of a thread, and waits between streams.
///
/// Everything that works with tensors of a CUDA device (ops, copies, new tensors, `rnn()`, layers) queues its work on
/// the calling thread's current stream of that device and returns; copies to the host wait. A Session has a stream of
/// its own. On the CPU streams have no effect: a call returns when its work is done.
#pragma once

#include <memory>

#include "rondo/vocabulary/device.h"

namespace rondo {

/// The calling thread's current stream of `device`: the device's default stream, unless a StreamScope sets another.
Stream current_stream(Device device);

/// Makes a stream the calling thread's current stream of its device; the destructor restores the former stream.
///
/// The memory of a tensor is freed in the order of the stream that was current when the tensor was made. A tensor that
/// is used on another stream must live until that work is done, or until its first stream waits for it (`make_wait`).
class StreamScope {
 public:
  explicit StreamScope(Stream stream);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  Stream before_;
};

/// A stream that the program owns and that runs beside all others; on the CPU it has no effect. It must outlive the
/// work on it, the sessions whose stream it is, and the layers that were called while it was current.
///
/// @code
/// OwnedStream stream(default_device());
/// {
///   StreamScope scope(stream.get());
///   Tensor x = Tensor::full({2, 3}, 1.0, DType::f32, default_device());  // queued on the stream
/// }
/// synchronize(stream.get());
/// @endcode
class OwnedStream {
 public:
  /// Throws `ValueError` for a device that is not there.
  explicit OwnedStream(Device device);
  ~OwnedStream();
  OwnedStream(OwnedStream&&) noexcept;
  OwnedStream& operator=(OwnedStream&&) noexcept;

  Stream get() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Returns when all work queued on `stream` so far is done. Throws `RuntimeError` if some of that work failed.
void synchronize(Stream stream);

/// Work queued on `waiting` from now on begins when all work queued on `awaited` so far is done.
void make_wait(Stream waiting, Stream awaited);

}  // namespace rondo
