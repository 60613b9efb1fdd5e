/// Devices and the threads of the CPU.
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include "binding.h"
#include "names.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/thread_pool.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

constexpr std::int64_t kMostThreads = 4096;

/// Makes a stream of another library the current one of the calling thread, for the body of a Python `with`.
class CurrentStream {
 public:
  CurrentStream(const std::string& device, std::uintptr_t native)
      : stream_{.device = device_from(device, "device"), .native = reinterpret_cast<void*>(native)} {}

  void enter() { scope_ = std::make_unique<StreamScope>(stream_); }
  void exit() { scope_.reset(); }

 private:
  Stream stream_;
  std::unique_ptr<StreamScope> scope_;
};

}  // namespace

void bind_devices(nb::module_& module) {
  module.def("cuda_device_count", &cuda_device_count, "The number of usable CUDA devices; 0 in a build without CUDA.");
  module.def(
      "set_threads",
      [](std::int64_t threads) {
        if (threads < 0 || threads > kMostThreads) {
          throw ValueError("threads", std::to_string(threads), "0 to " + std::to_string(kMostThreads));
        }
        set_default_thread_pool(threads == 0 ? nullptr : make_thread_pool(static_cast<int>(threads)));
      },
      "threads"_a, "The most threads of the CPU that calls from now on use; 0: one for each processor.");
  module.def(
      "get_threads", [] { return default_thread_pool()->size(); }, "The most threads of the CPU that a call uses.");
  nb::class_<CurrentStream>(module, "CurrentStream",
                            "with CurrentStream(device, stream): work of this thread is queued on that CUDA stream.")
      .def(nb::init<const std::string&, std::uintptr_t>(), "device"_a, "stream"_a)
      .def("__enter__", &CurrentStream::enter)
      .def("__exit__", [](CurrentStream& stream, const nb::args&) { stream.exit(); });
}

}  // namespace rondo::python
