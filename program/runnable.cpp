#include "runnable.h"

#include <rondo/rondo.h>

#include <random>

#include "recurrent_files.h"

namespace rondo::program {

std::unique_ptr<Runnable> open_runnable(const ModelChoice& choice) {
  switch (file_kind(std::filesystem::path(choice.file))) {
    case FileKind::safetensors:
    case FileKind::safetensors_index: return pytorch_runnable(choice);
    case FileKind::onnx: return onnx_runnable(choice);
    case FileKind::keras_archive:
    case FileKind::keras_architecture:
    case FileKind::hdf5:
      if (choice.parts.empty()) return keras_runnable(choice);
      return network_runnable(open_network(choice), true);
    default: break;
  }
  throw ValueError(choice.file, described(file_kind(std::filesystem::path(choice.file))),
                   "a model: .keras, .h5, .json with --weights, .onnx or .safetensors");
}

Tensor example_tensor(const Shape& shape, DType dtype) {
  std::mt19937 generator(1);
  Tensor tensor = Tensor::empty(shape, DType::f32);
  for (std::int64_t k = 0; k < tensor.numel(); ++k) {
    tensor.data<float>()[k] = static_cast<float>(generator()) / 2147483648.0F - 1.0F;
  }
  return tensor.to(dtype);
}

}  // namespace rondo::program
