/// Where --output puts a model's answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runnable.h"

namespace rondo::program {

/// A file, and the number of the output that it takes; absent: all, in an archive.
struct OutputFile {
  std::string path;
  std::optional<std::size_t> output = std::nullopt;
};

/// Reads the arguments of --output before anything runs: "y.npy" for the only answer of a model, or an archive for all
/// outputs; "NAME=FILE" for one. Throws `ValueError` for a name that no output has, for a file of one array of a model
/// with several answers, for a path twice, and as check_writable_kind.
std::vector<OutputFile> output_files(const std::vector<std::string>& arguments, const std::vector<Slot>& outputs);

/// Writes results, which have the order of the outputs.
void write_outputs(const std::vector<OutputFile>& files, const NamedTensors& results);

/// "dense (B, 3), lstm (B, T, 4)"
std::string names_of(const std::vector<Slot>& slots);

}  // namespace rondo::program
