// Runs the calls of a model.

#include <algorithm>
#include <string>
#include <vector>

#include "models/layered_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Whether a shape fits a note's, but for the batch.
bool fits(const Shape& shape, const Shape& expected) {
  return shape.rank() == expected.rank() &&
         std::equal(shape.begin() + 1, shape.end(), expected.begin() + 1, sizes_agree);
}

[[noreturn]] void refuse(const std::string& name, const std::string& came, const TensorNote& note) {
  throw ValueError(name, came, note_text(note));
}

}  // namespace

void ModelProgram::run(std::span<const MaskedTensor> given, std::span<MaskedTensor> results) const {
  run(given, results, {});
}

void ModelProgram::run(std::span<const MaskedTensor> given, std::span<MaskedTensor> results,
                       std::span<const std::unique_ptr<StreamedCall>> streams) const {
  std::vector<MaskedTensor> tensors(slots.size());
  std::vector<MaskedTensor> gathered;
  for (std::size_t k = 0; k < inputs.size(); ++k) tensors[static_cast<std::size_t>(inputs[k])] = given[k];
  for (std::size_t number = 0; number < steps.size(); ++number) {
    const ProgramStep& step = steps[number];
    std::span<const MaskedTensor> arguments;
    if (step.adjacent) {
      arguments = std::span(tensors).subspan(static_cast<std::size_t>(step.inputs[0]), step.inputs.size());
    } else {
      gathered.clear();
      for (const int slot : step.inputs) gathered.push_back(tensors[static_cast<std::size_t>(slot)]);
      arguments = gathered;
    }
    const std::span<MaskedTensor> made =
        std::span(tensors).subspan(static_cast<std::size_t>(step.first_output), step.call.outputs.size());
    if (!streams.empty() && streams[number] != nullptr) {
      streams[number]->step(arguments, made);
    } else {
      step.call.run(arguments, made);
    }
    gathered.clear();
    for (const int slot : step.last_uses) tensors[static_cast<std::size_t>(slot)] = {};
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) results[k] = tensors[static_cast<std::size_t>(outputs[k])];
}

TensorNote conformed(const TensorNote& given, const TensorNote& note, const std::string& name) {
  TensorNote result = given;
  const int rank = note.shape.rank();
  if (result.shape.rank() == rank + 1 && rank > 0 && sizes_agree(result.shape[-1], 1)) {
    result.shape = result.shape.erase(-1);
  } else if (result.shape.rank() + 1 == rank && sizes_agree(note.shape[-1], 1)) {
    result.shape = result.shape.insert(result.shape.rank(), 1);
  }
  if (result.shape.rank() == 0 || !fits(result.shape, note.shape)) refuse(name, note_text(given), note);
  for (int axis = 1; axis < rank; ++axis) {
    if (result.shape[axis] == kUnknownSize) result.shape[axis] = note.shape[axis];
  }
  result.dtype = note.dtype;
  return result;
}

MaskedTensor conformed(const MaskedTensor& given, const TensorNote& note, const std::string& name) {
  if (!given.value.defined()) refuse(name, "an undefined tensor", note);
  MaskedTensor result = given;
  const int rank = note.shape.rank();
  if (result.value.rank() == rank + 1 && rank > 0 && result.value.size(-1) == 1) {
    result.value = result.value.erase_axis(-1);
  } else if (result.value.rank() + 1 == rank && sizes_agree(note.shape[-1], 1)) {
    result.value = result.value.insert_axis(result.value.rank());
  }
  if (result.value.rank() == 0 || !fits(result.value.shape(), note.shape)) refuse(name, describe(given.value), note);
  if (result.value.dtype() != note.dtype) result.value = result.value.to(note.dtype);
  return result;
}

}  // namespace rondo
