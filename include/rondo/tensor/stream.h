/// On which stream tensors are worked with, and how streams wait for each other. Floor 1.
///
/// Everything that works with tensors of a CUDA device (ops, copies, new tensors, `rnn()`, layers) queues its work on
/// the calling thread's current stream of that device and returns; copies to the host wait. A Session has a stream of
/// its own. On the CPU all of this means nothing: work is done when its call returns.
#pragma once

#include "rondo/vocabulary/device.h"

namespace rondo {

/// The calling thread's current stream of `device`: the device's default stream, unless a StreamScope says otherwise.
Stream current_stream(Device device);

/// Makes a stream the calling thread's current one of its device, and the one before again at the end.
///
/// Memory of a tensor goes back in the order of the stream that was current when it was made. A tensor that is used on
/// another stream must live until that work is done, or until its first stream waits for it: `make_wait`.
class StreamScope {
 public:
  explicit StreamScope(Stream stream);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  Stream before_;
};

/// Returns when everything queued on `stream` so far is done. Throws `RuntimeError` when some of it failed.
void synchronize(Stream stream);

/// What is queued on `waiting` from now on begins when everything queued on `awaited` so far is done.
void make_wait(Stream waiting, Stream awaited);

}  // namespace rondo
