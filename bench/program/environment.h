/// The machine and the versions of the libraries of a measurement. Loaded libraries are asked for their versions.
#pragma once

#include <map>
#include <string>

namespace rondo::bench {

/// Versions by name: "compiler" always; "cuda_toolkit" in a build with CUDA; "driver", "cuda_driver", "cudnn" and
/// "cublaslt" where they can be asked.
std::map<std::string, std::string> versions();

/// The processor's model name, or "unknown".
std::string processor_name();

/// The current time, such as "2026-01-31T12:34:56Z".
std::string now_utc();

}  // namespace rondo::bench
