#include "outputs.h"

#include <rondo/rondo.h>

#include <algorithm>
#include <set>

#include "tensor_files.h"

namespace rondo::program {
namespace {

/// The output of "NAME=FILE", as names may have a "=" too: of several that fit the one with the longest name.
std::optional<std::size_t> named_output(const std::string& argument, const std::vector<Slot>& outputs) {
  std::optional<std::size_t> found;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const bool fits = argument.starts_with(outputs[k].name + "=");
    if (fits && (!found || outputs[k].name.size() > outputs[*found].name.size())) found = k;
  }
  return found;
}

/// The output that a file of one array takes. States that are told besides are not asked for.
std::size_t only_answer(const std::string& path, const std::vector<Slot>& outputs) {
  const auto is_answer = [](const Slot& slot) { return slot.required; };
  if (std::count_if(outputs.begin(), outputs.end(), is_answer) != 1) {
    throw ValueError("--output " + path, "a model with the outputs " + names_of(outputs),
                     "NAME=" + path + " for one of them, or a .npz or .safetensors file for all");
  }
  return static_cast<std::size_t>(std::find_if(outputs.begin(), outputs.end(), is_answer) - outputs.begin());
}

OutputFile output_file(const std::string& argument, const std::vector<Slot>& outputs) {
  check_writable_kind(argument);
  const std::optional<std::size_t> named = named_output(argument, outputs);
  if (named) return {argument.substr(outputs[*named].name.size() + 1), named};
  const std::size_t sign = argument.find('=');
  if (sign < argument.find('/')) {  // behind a "/" it belongs to a path
    throw ValueError("--output", "'" + argument.substr(0, sign) + "'", "one of " + names_of(outputs));
  }
  if (is_archive(argument)) return {argument};
  return {argument, only_answer(argument, outputs)};
}

}  // namespace

std::vector<OutputFile> output_files(const std::vector<std::string>& arguments, const std::vector<Slot>& outputs) {
  std::vector<OutputFile> files;
  std::set<std::string> paths;
  for (const std::string& argument : arguments) {
    files.push_back(output_file(argument, outputs));
    if (!paths.insert(files.back().path).second) {
      throw ValueError("--output", "'" + files.back().path + "' twice", "each file once");
    }
  }
  return files;
}

void write_outputs(const std::vector<OutputFile>& files, const NamedTensors& results) {
  for (const OutputFile& file : files) {
    write_tensors(file.path, file.output ? NamedTensors{results[*file.output]} : results);
  }
}

std::string names_of(const std::vector<Slot>& slots) {
  std::string names;
  for (const Slot& slot : slots) names += (names.empty() ? "" : ", ") + slot.name + " " + slot.sizes;
  return names;
}

}  // namespace rondo::program
