#include "names.h"

#include <array>
#include <charconv>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

constexpr std::array<std::pair<const char*, DType>, 8> kDTypes{{{"float64", DType::f64},
                                                                {"float32", DType::f32},
                                                                {"float16", DType::f16},
                                                                {"bfloat16", DType::bf16},
                                                                {"int32", DType::i32},
                                                                {"int64", DType::i64},
                                                                {"bool", DType::boolean},
                                                                {"uint8", DType::u8}}};

}  // namespace

std::string numpy_name(DType dtype) {
  for (const auto& [name, named] : kDTypes) {
    if (named == dtype) return name;
  }
  return to_string(dtype);
}

DType dtype_from(const std::string& name, const char* argument) {
  for (const auto& [known, dtype] : kDTypes) {
    if (known == name) return dtype;
  }
  throw ValueError(argument, "the dtype " + name, "float64, float32, float16, bfloat16, int32, int64, bool or uint8");
}

Device device_from(const std::string& name, const char* argument) {
  if (name == "cpu") return cpu();
  if (name == "cuda") return cuda(0);
  const std::string prefix = "cuda:";
  int index = 0;
  const char* end = name.data() + name.size();
  if (name.starts_with(prefix) && name.size() > prefix.size()) {
    const auto [rest, error] = std::from_chars(name.data() + prefix.size(), end, index);
    if (rest == end && error == std::errc{} && index >= 0) return cuda(index);
  }
  throw ValueError(argument, "the device \"" + name + "\"", "\"cpu\", \"cuda\" or \"cuda:N\"");
}

}  // namespace rondo::python
