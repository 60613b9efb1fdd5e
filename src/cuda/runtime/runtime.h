/// What Rondo asks of the CUDA runtime, in its own words and without CUDA's headers.
///
/// A program links one of three implementations: cuda_runtime.cpp on CUDA, src/cuda/absent/ in a build without it, and
/// tests/device/simt/device/, which has a simulated device on the host. So no other file asks whether there is CUDA.
///
/// Every function throws `RuntimeError` with CUDA's own words when CUDA refuses; an error that a kernel left behind
/// says so. Streams belong to the device they name; a null `native` is that device's default stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "rondo/vocabulary/device.h"

namespace rondo::cuda_runtime {

/// How many devices can be used. Where it is 0, `why_no_device` has the reason.
int device_count();
/// "no CUDA driver", for example; empty in a build without CUDA, where no user expects a device.
std::string why_no_device();

/// The properties of a device; `index` is below `device_count()`.
DeviceProperties properties(int index);

/// Memory from the device's pool, in the order of `stream`. Throws `RuntimeError` naming the bytes asked for and the
/// bytes free when there is not enough; the next call that asks for less works.
void* allocate(std::size_t bytes, Stream stream);
void deallocate(void* pointer, Stream stream) noexcept;

/// How many bytes of the device are not allocated.
std::size_t free_bytes(Device device);

/// Words of host memory, all zeros, that kernels of every device may write while the host reads them. They are never
/// freed, and like device memory not allocated while a stream is recorded.
std::uint32_t* allocate_host_words(std::size_t count);

/// Page-locked memory of the host: copies read and write it when they run, beside other work. As device memory not
/// allocated while a stream is recorded. Throws `OutOfMemory` naming the bytes asked for.
void* allocate_host(std::size_t bytes);
/// Frees what `allocate_host` returned. No work may use it any more.
void deallocate_host(void* pointer) noexcept;
/// Whether the memory at `pointer` is page-locked memory of the host.
bool is_page_locked(const void* pointer);

/// Whether work on `device` may use the memory at `pointer`.
bool is_device_pointer(const void* pointer, Device device);

/// Queues a copy between any two of host and devices. Returns before it is done, unless host memory is involved that
/// CUDA must stage.
void copy(void* target, const void* source, std::size_t bytes, Stream stream);

/// Queues writing zeros.
void fill_zeros(void* target, std::size_t bytes, Stream stream);

/// Returns when everything queued on `stream` so far is done.
void synchronize(Stream stream);

/// Queued after this call, work on `waiting` begins when everything queued on `awaited` before it is done.
void make_wait(Stream waiting, Stream awaited);

/// Whether work queued on `stream` is being recorded instead of run. A stream of the CPU is never recorded.
bool is_recording(Stream stream);

/// A stream of its own, which runs beside all others.
class OwnedStream {
 public:
  explicit OwnedStream(Device device);
  ~OwnedStream();
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;

  Stream get() const { return stream_; }

 private:
  Stream stream_;
};

/// A point in a stream, with its time.
class Event {
 public:
  explicit Event(Device device);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(Stream stream);
  /// Queued after this call, work on `stream` begins when the recorded point has been reached.
  void make_wait(Stream stream) const;
  /// Returns when the recorded point has been reached.
  void synchronize();
  /// The time between two points that have been recorded and reached.
  double milliseconds_since(const Event& earlier) const;

 private:
  void* handle_ = nullptr;
};

/// Work that was recorded once and can be replayed with one call: a CUDA graph.
class Graph {
 public:
  Graph() = default;
  ~Graph();
  Graph(Graph&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Graph& operator=(Graph&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  /// Calls `work`; what it queues on `stream`, which is not a default stream, is recorded and not run.
  static Graph record(Stream stream, const std::function<void()>& work);

  bool recorded() const { return handle_ != nullptr; }
  /// Queues the recorded work on `stream`.
  void replay(Stream stream) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace rondo::cuda_runtime
