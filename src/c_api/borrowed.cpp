#include "c_api/borrowed.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "rondo/tensor/dlpack.h"

namespace rondo::c_api {
namespace {

constexpr DType kDTypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16};
constexpr MatrixMath kMaths[] = {MatrixMath::strict, MatrixMath::tf32,   MatrixMath::tf32x3,
                                 MatrixMath::bf16,   MatrixMath::bf16x3, MatrixMath::int8};

}  // namespace

Tensor imported(rondo_dl_managed* tensor, const std::string& name) {
  try {
    return from_dlpack(tensor);
  } catch (const ValueError& error) {
    throw ValueError(name + ", " + error.argument(), error.came(), error.expected());
  }
}

Tensor borrowed(const rondo_dl_tensor* tensor, const std::string& name) {
  if (tensor == nullptr) throw ValueError(name, "null", "a tensor");
  auto managed = std::make_unique<rondo_dl_managed>();
  managed->version = dlpack::kVersion;
  managed->dl_tensor = *tensor;
  managed->deleter = [](rondo_dl_managed* self) { delete self; };
  return imported(managed.release(), name);
}

std::optional<Tensor> borrowed_if_given(const rondo_dl_tensor* tensor, const char* name) {
  if (tensor == nullptr) return std::nullopt;
  return borrowed(tensor, name);
}

std::vector<Tensor> borrowed_list(const rondo_dl_tensor* const* tensors, std::size_t count, std::size_t expected,
                                  const char* name) {
  if (count != expected) throw ValueError(name, std::to_string(count) + " tensors", std::to_string(expected));
  if (tensors == nullptr && count > 0) throw ValueError(name, "null", std::to_string(count) + " tensors");
  std::vector<Tensor> views;
  views.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    views.push_back(borrowed(tensors[k], std::string(name) + "[" + std::to_string(k) + "]"));
  }
  return views;
}

void clear_outputs(rondo_dl_managed** outputs, std::size_t count, std::size_t expected) {
  if (count != expected) throw ValueError("output_count", std::to_string(count), std::to_string(expected));
  if (outputs == nullptr && count > 0) throw ValueError("outputs", "null", std::to_string(count) + " places");
  std::fill_n(outputs, count, nullptr);
}

void give_tensors(const std::vector<Tensor>& tensors, rondo_dl_managed** outputs) {
  std::size_t given = 0;
  try {
    for (; given < tensors.size(); ++given) outputs[given] = to_dlpack(tensors[given]);
  } catch (...) {
    for (std::size_t k = 0; k < given; ++k) rondo_dl_free(outputs[k]);
    std::fill_n(outputs, tensors.size(), nullptr);
    throw;
  }
}

void* given_bytes(const void* bytes, std::size_t size) {
  void* copy = std::malloc(size);
  if (copy == nullptr) throw std::bad_alloc();
  return std::memcpy(copy, bytes, size);
}

char* given_text(const std::string& text) { return static_cast<char*>(given_bytes(text.c_str(), text.size() + 1)); }

std::string text_or(const char* text, const char* otherwise) { return text == nullptr ? otherwise : text; }

std::string required_text(const char* text, const std::string& name) {
  if (text == nullptr) throw ValueError(name, "null", "a text");
  return text;
}

Device device_of(std::int32_t type, std::int32_t index) {
  constexpr DeviceType kTypes[] = {DeviceType::cpu, DeviceType::cuda};
  const DeviceType chosen_type = chosen(type, kTypes, "device_type");
  if (index < 0 || (chosen_type == DeviceType::cpu && index != 0)) {
    throw ValueError("device_index", std::to_string(index), "0, or the number of a CUDA device");
  }
  return {chosen_type, index};
}

DType dtype_of_number(std::int32_t number) { return chosen(number, kDTypes, "dtype"); }

MatrixMath math_of_number(std::int32_t number) { return chosen(number, kMaths, "math"); }

std::int32_t number_of(DType dtype) {
  const auto* place = std::find(std::begin(kDTypes), std::end(kDTypes), dtype);
  if (place == std::end(kDTypes)) throw ValueError("dtype", to_string(dtype), "f32, f64, f16 or bf16");
  return static_cast<std::int32_t>(place - std::begin(kDTypes));
}

}  // namespace rondo::c_api
