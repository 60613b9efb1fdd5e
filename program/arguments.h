/// Arguments that several commands have.
#pragma once

#include <rondo/vocabulary/device.h>

#include <string>

#include "runnable.h"

namespace CLI {
class App;
}

namespace rondo::program {

/// "cpu", "cuda" or "cuda:1". Throws `ValueError` for another name.
Device device_from_name(const std::string& name);

/// Adds MODEL and the options of a ModelChoice.
void add_model(CLI::App& command, ModelChoice& choice);

/// The sizes of runs.
struct Sizes {
  std::int64_t T = 100;
  std::int64_t B = 1;
};
void add_sizes(CLI::App& command, Sizes& sizes);

}  // namespace rondo::program
