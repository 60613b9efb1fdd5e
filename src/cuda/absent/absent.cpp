// What a build without CUDA has in the place of src/cuda: no device, no executor.

#include "cuda/common/moved_rows.h"
#include "cuda/common/packed_rows.h"
#include "cuda/cuda_executors.h"
#include "cuda/ops/cuda_ops.h"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/runtime/calls.h"
#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/error.h"
#include "tensor/device_copy.h"

namespace rondo {
namespace {

// Callers ask `check_device` before they work with a CUDA device, so that they do not reach this.
[[noreturn]] void refuse() { throw RuntimeError("this build of Rondo has no CUDA"); }

}  // namespace

namespace cuda_runtime {

int device_count() { return 0; }
std::string why_no_device() { return {}; }
DeviceProperties properties(int) { refuse(); }
void* allocate(std::size_t, Stream) { refuse(); }
void deallocate(void*, Stream) noexcept {}
std::size_t free_bytes(Device) { refuse(); }
std::uint32_t* allocate_host_words(std::size_t) { refuse(); }
void* allocate_host(std::size_t) { refuse(); }
void deallocate_host(void*) noexcept {}
bool is_page_locked(const void*) { return false; }
bool is_device_pointer(const void*, Device) { return false; }
void copy(void*, const void*, std::size_t, Stream) { refuse(); }
void fill_zeros(void*, std::size_t, Stream) { refuse(); }
void synchronize(Stream) { refuse(); }
void make_wait(Stream, Stream) { refuse(); }
bool is_recording(Stream) { return false; }
OwnedStream::OwnedStream(Device) { refuse(); }
// Destructors read the handles because clang warns of members that no code reads.
OwnedStream::~OwnedStream() { (void)stream_; }
Event::Event(Device) { refuse(); }
Event::~Event() { (void)handle_; }
void Event::record(Stream) { refuse(); }
void Event::make_wait(Stream) const { refuse(); }
void Event::synchronize() { refuse(); }
double Event::milliseconds_since(const Event&) const { refuse(); }
Graph::~Graph() { (void)handle_; }
Graph Graph::record(Stream, const std::function<void()>&) { refuse(); }
void Graph::replay(Stream) const { refuse(); }
void observe_calls(CallObserver) {}  // there is never a call

}  // namespace cuda_runtime

void cuda_copy_elements(const Tensor&, const Tensor&) { refuse(); }
void cuda_fill_elements(const Tensor&, double) { refuse(); }
void cuda_move_rows(const MovedRows&, Stream) { refuse(); }
void cuda_packed_rows(const PackedBatch&, Stream) { refuse(); }
const OpsBackend& cuda_ops() { refuse(); }
ExecutorList cuda_executors() { return {}; }
std::vector<std::unique_ptr<const Executor>> persistent_alternatives(const RecurrenceSpec&, const DeviceProperties&,
                                                                     PersistentKind) {
  return {};
}
std::optional<PersistentCandidate> persistent_candidate(const Decision&) { return std::nullopt; }

}  // namespace rondo
