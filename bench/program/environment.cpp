#include "program/environment.h"

#include <dlfcn.h>

#include <array>
#include <ctime>
#include <fstream>

namespace rondo::bench {
namespace {

// Finds functions with dlopen, so that one program serves builds and machines with and without each library. Handles
// stay open, because the libraries are in use or small.
void* function_of(const char* library, const char* name, int flags) {
  void* handle = dlopen(library, RTLD_LAZY | flags);
  return handle == nullptr ? nullptr : dlsym(handle, name);
}

template <typename Function>
Function as_function(void* address) {
  return reinterpret_cast<Function>(address);
}

// The text of a version number of CUDA: 13010 is 13.1.
std::string cuda_version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

std::string driver_version() {
  const auto start = as_function<int (*)()>(function_of("libnvidia-ml.so.1", "nvmlInit_v2", 0));
  const auto ask =
      as_function<int (*)(char*, unsigned)>(function_of("libnvidia-ml.so.1", "nvmlSystemGetDriverVersion", 0));
  std::array<char, 96> text{};
  if (start == nullptr || ask == nullptr || start() != 0 || ask(text.data(), text.size()) != 0) return {};
  return text.data();
}

std::string cuda_of_driver() {
  const auto ask = as_function<int (*)(int*)>(function_of("libcuda.so.1", "cuDriverGetVersion", 0));
  int number = 0;
  return ask != nullptr && ask(&number) == 0 ? cuda_version(number) : std::string{};
}

// cuDNN's version where an executor has loaded cuDNN: 91301 is 9.13.1.
std::string cudnn_version() {
  const auto ask = as_function<std::size_t (*)()>(function_of("libcudnn.so.9", "cudnnGetVersion", RTLD_NOLOAD));
  if (ask == nullptr) return {};
  const std::size_t number = ask();
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
}

// cuBLASLt's version, encoded like CUBLAS_VERSION: 130100 is 13.1.0.
std::string cublaslt_version() {
  for (const char* library : {"libcublasLt.so.13", "libcublasLt.so.12"}) {
    const auto ask = as_function<std::size_t (*)()>(function_of(library, "cublasLtGetVersion", RTLD_NOLOAD));
    if (ask != nullptr) return std::to_string(ask());
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> versions() {
  std::map<std::string, std::string> all{{"compiler", __VERSION__},    {"cuda_toolkit", RONDO_BENCH_CUDA_VERSION},
                                         {"driver", driver_version()}, {"cuda_driver", cuda_of_driver()},
                                         {"cudnn", cudnn_version()},   {"cublaslt", cublaslt_version()}};
  std::erase_if(all, [](const auto& entry) { return entry.second.empty(); });
  return all;
}

std::string processor_name() {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  }
  return "unknown";
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace rondo::bench
