#include "inputs.h"

#include <rondo/rondo.h>

#include <algorithm>
#include <filesystem>

#include "outputs.h"
#include "tensor_files.h"

namespace rondo::program {
namespace {

const Slot& slot_named(const std::vector<Slot>& slots, const std::string& name) {
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.name == name; });
  if (found == slots.end()) throw ValueError("--input", "'" + name + "'", "one of " + names_of(slots));
  return *found;
}

/// "NAME=FILE", unless the whole argument is a file.
std::pair<std::string, std::string> split(const std::string& argument) {
  const std::size_t sign = argument.find('=');
  std::error_code ignored;
  if (sign == std::string::npos || std::filesystem::exists(argument, ignored)) return {"", argument};
  return {argument.substr(0, sign), argument.substr(sign + 1)};
}

Tensor fitted(Tensor tensor, const Slot& slot, const std::string& path, bool batch_first) {
  const bool is_table = std::filesystem::path(path).extension() == ".csv";
  if (is_table && slot.rank == 3) tensor = tensor.insert_axis(batch_first ? 0 : 1);
  if (is_table && slot.rank == 1) tensor = tensor.reshape({-1});
  if (slot.rank >= 0 && tensor.rank() != slot.rank) {
    throw ValueError("--input " + slot.name, describe(tensor) + " in " + path, "shape " + slot.sizes);
  }
  return tensor.to(slot.dtype);
}

}  // namespace

TensorMap read_inputs(const std::vector<std::string>& arguments, const Runnable& model, bool batch_first) {
  const std::vector<Slot> slots = model.inputs();
  TensorMap inputs;
  const auto put = [&](const std::string& name, const Tensor& tensor, const std::string& path) {
    const Slot& slot = slot_named(slots, name);
    if (inputs.contains(name)) throw ValueError("--input", "'" + name + "' twice", "each input once");
    inputs[name] = fitted(tensor, slot, path, batch_first);
  };
  for (const std::string& argument : arguments) {
    const auto [name, path] = split(argument);
    const NamedTensors tensors = read_tensors(path);
    if (!name.empty() || tensors.size() == 1) {
      if (tensors.size() != 1) {
        throw ValueError("--input " + name, path + ", which has " + std::to_string(tensors.size()) + " arrays",
                         "one array");
      }
      put(name.empty() ? slots.front().name : name, tensors[0].tensor, path);
      continue;
    }
    for (const NamedTensor& named : tensors) put(named.name, named.tensor, path);
  }
  for (const Slot& slot : slots) {
    if (slot.required && !inputs.contains(slot.name)) {
      throw ValueError("--input " + slot.name, "nothing", "a file with " + slot.sizes);
    }
  }
  return inputs;
}

}  // namespace rondo::program
