/// Tensors, texts and numbers of callers as Rondo's own, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "rondo/c/tensor.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"
#include "rondo/vocabulary/error.h"

namespace rondo::c_api {

/// from_dlpack, with errors that name `name`.
Tensor imported(rondo_dl_managed* tensor, const std::string& name);

/// A view of a caller's memory, which the caller keeps as long as the view is used; the struct is copied. Throws
/// `ValueError` naming `name` for null, and for what from_dlpack refuses.
Tensor borrowed(const rondo_dl_tensor* tensor, const std::string& name);
/// The same, absent for null.
std::optional<Tensor> borrowed_if_given(const rondo_dl_tensor* tensor, const char* name);
/// The same of a list. Throws `ValueError` for null, and for a count other than `expected`.
std::vector<Tensor> borrowed_list(const rondo_dl_tensor* const* tensors, std::size_t count, std::size_t expected,
                                  const char* name);

/// Makes all places of a caller's list null. Throws `ValueError` for null, and for a count other than `expected`.
void clear_outputs(rondo_dl_managed** outputs, std::size_t count, std::size_t expected);
/// Exports `tensors` to the caller's list of as many places, all of them or, by an exception, none.
void give_tensors(const std::vector<Tensor>& tensors, rondo_dl_managed** outputs);

/// Where a call writes its result, which is null from now on. Throws `ValueError` naming `name` for null.
template <typename Result>
Result& cleared(Result* place, const char* name) {
  if (place == nullptr) throw ValueError(name, "null", "where the result is written");
  *place = {};
  return *place;
}

/// Copies for rondo_free.
void* given_bytes(const void* bytes, std::size_t size);
char* given_text(const std::string& text);
/// A caller's text; `otherwise` for null.
std::string text_or(const char* text, const char* otherwise);
/// A caller's text. Throws `ValueError` naming `name` for null.
std::string required_text(const char* text, const std::string& name);

/// RONDO_CPU ... as a device, RONDO_F32 ... as a dtype, and back. Throw `ValueError` for other numbers.
Device device_of(std::int32_t type, std::int32_t index);
DType dtype_of_number(std::int32_t number);
/// The mode of RONDO_MATH_STRICT and so on. Throws `ValueError` naming "math" for another number.
MatrixMath math_of_number(std::int32_t number);
std::int32_t number_of(DType dtype);

/// The value of a caller's number: `values[number]`. Throws `ValueError` naming `name` for a number beyond them.
template <typename Values>
const auto& chosen(std::int64_t number, const Values& values, const char* name) {
  if (number < 0 || number >= std::ssize(values)) {
    throw ValueError(name, std::to_string(number), "0 to " + std::to_string(std::ssize(values) - 1));
  }
  return values[static_cast<std::size_t>(number)];
}

}  // namespace rondo::c_api
