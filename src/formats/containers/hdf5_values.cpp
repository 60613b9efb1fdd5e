#include "formats/containers/hdf5_values.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr const char* kFailure = "a failure of HDF5";
constexpr const char* kReadable = "an HDF5 file that can be read";
constexpr const char* kTypes = "f64, f32, f16, bf16, or whole numbers of at most 64 bits with a sign";

HdfHandle copy_type(hid_t type, const std::string& where) {
  return {H5Tcopy(type), H5Tclose, where, kFailure, kReadable};
}

/// A type for little-endian 16-bit floats, for which HDF5 has no name.
HdfHandle float16_type(std::size_t exponent_bits, const std::string& where) {
  HdfHandle type = copy_type(H5T_IEEE_F32LE, where);
  const std::size_t fraction_bits = 15 - exponent_bits;
  const std::size_t bias = (std::size_t{1} << (exponent_bits - 1)) - 1;
  // Fields before size: a type cannot become smaller than its fields.
  check_hdf(H5Tset_fields(type.get(), 15, fraction_bits, exponent_bits, 0, fraction_bits), where, kFailure, kReadable);
  check_hdf(H5Tset_size(type.get(), 2), where, kFailure, kReadable);
  check_hdf(H5Tset_ebias(type.get(), bias), where, kFailure, kReadable);
  return type;
}

/// An element type, and the type in memory that HDF5 converts elements to.
struct ElementType {
  DType dtype;
  HdfHandle memory;
};

[[noreturn]] void refuse_type(const std::string& where) { throw ValueError(where, "another element type", kTypes); }

ElementType float_type(const HdfHandle& type, const std::string& where) {
  const std::size_t size = H5Tget_size(type.get());
  if (size == 8) return {DType::f64, copy_type(H5T_NATIVE_DOUBLE, where)};
  if (size == 4) return {DType::f32, copy_type(H5T_NATIVE_FLOAT, where)};
  std::size_t sign = 0, exponent_at = 0, exponent_bits = 0, fraction_at = 0, fraction_bits = 0;
  check_hdf(H5Tget_fields(type.get(), &sign, &exponent_at, &exponent_bits, &fraction_at, &fraction_bits), where,
            kFailure, kReadable);
  if (size == 2 && exponent_bits == 5) return {DType::f16, float16_type(5, where)};
  if (size == 2 && exponent_bits == 8) return {DType::bf16, float16_type(8, where)};
  refuse_type(where);
}

/// The narrowest type that has all numbers of an integer type.
ElementType integer_type(const HdfHandle& type, const std::string& where) {
  const std::size_t size = H5Tget_size(type.get());
  const bool is_signed = H5Tget_sign(type.get()) == H5T_SGN_2;
  if (size == 1 && !is_signed) return {DType::u8, copy_type(H5T_NATIVE_UINT8, where)};
  if (size < 4 || (size == 4 && is_signed)) return {DType::i32, copy_type(H5T_NATIVE_INT32, where)};
  if (size == 4 || (size == 8 && is_signed)) return {DType::i64, copy_type(H5T_NATIVE_INT64, where)};
  refuse_type(where);
}

ElementType element_type(const HdfHandle& dataset, const std::string& where) {
  HdfHandle type(H5Dget_type(dataset.get()), H5Tclose, where, kFailure, kReadable);
  const std::size_t size = H5Tget_size(type.get());
  switch (H5Tget_class(type.get())) {
    case H5T_FLOAT: return float_type(type, where);
    case H5T_INTEGER: return integer_type(type, where);
    case H5T_OPAQUE:
      // h5py stores NumPy's bfloat16 extension as two opaque bytes; Keras names the type in an attribute.
      if (size == 2 && read_hdf_strings(dataset, "dtype", where) == std::vector<std::string>{"bfloat16"}) {
        return {DType::bf16, std::move(type)};
      }
      refuse_type(where);
    default: refuse_type(where);
  }
}

void check_layout(const HdfHandle& dataset, const std::string& where) {
  const HdfHandle properties(H5Dget_create_plist(dataset.get()), H5Pclose, where, kFailure, kReadable);
  const H5D_layout_t layout = H5Pget_layout(properties.get());
  if (layout == H5D_VIRTUAL || H5Pget_external_count(properties.get()) != 0) {
    throw ValueError(where, "bytes in another file", "a dataset of this file");
  }
}

Shape shape_of(const HdfHandle& dataset, const std::string& where) {
  const HdfHandle space(H5Dget_space(dataset.get()), H5Sclose, where, kFailure, kReadable);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL || rank < 0 || rank > kMaxRank) {
    throw ValueError(where, rank < 0 ? "no shape" : "a shape of " + std::to_string(rank) + " axes or none at all",
                     "a shape of at most " + std::to_string(kMaxRank) + " axes");
  }
  std::array<hsize_t, kMaxRank> sizes{};
  check_hdf(H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr), where, kFailure, kReadable);
  std::array<std::int64_t, kMaxRank> axes{};
  std::transform(sizes.begin(), sizes.end(), axes.begin(),
                 [](hsize_t size) { return static_cast<std::int64_t>(size); });
  return Shape(std::span<const std::int64_t>(axes.data(), static_cast<std::size_t>(rank)));
}

/// A file of a few bytes can claim a dataset of any size, whose elements are all the fill value. Weights are never
/// stored like that. Keras does not compress, but a file that was repacked with deflate should still be readable.
void check_size(const HdfHandle& dataset, const Shape& shape, std::size_t width, const std::string& where) {
  constexpr std::int64_t kLargestDeflateRatio = 1032;
  const hsize_t stored = H5Dget_storage_size(dataset.get());
  auto bytes = static_cast<std::int64_t>(width);
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes)) {
      throw ValueError(where, "a shape of " + to_string(shape), "one of less than 2^63 bytes");
    }
  }
  if (shape.numel() > 0 && static_cast<hsize_t>(bytes / kLargestDeflateRatio) >= stored) {
    throw ValueError(where, std::to_string(stored) + " stored bytes",
                     std::to_string(bytes) + " for " + to_string(shape));
  }
}

std::string trimmed(const char* text, std::size_t size, H5T_str_t padding) {
  std::string result(text, std::find(text, text + size, '\0'));
  if (padding == H5T_STR_SPACEPAD) result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

/// Reads strings of variable length, which HDF5 allocates and must free.
std::vector<std::string> variable_strings(const HdfHandle& attribute, const HdfHandle& type, const HdfHandle& space,
                                          std::size_t count, const std::string& where) {
  std::vector<char*> pointers(count, nullptr);
  check_hdf(H5Aread(attribute.get(), type.get(), pointers.data()), where, "a broken attribute", "strings");
  std::vector<std::string> result;
  result.reserve(count);
  for (const char* pointer : pointers) result.emplace_back(pointer == nullptr ? "" : pointer);
  check_hdf(H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data()), where, kFailure, kReadable);
  return result;
}

std::vector<std::string> fixed_strings(const HdfHandle& attribute, const HdfHandle& type, std::size_t count,
                                       const std::string& where) {
  const std::size_t size = H5Tget_size(type.get());
  std::vector<char> bytes(count * size);
  check_hdf(H5Aread(attribute.get(), type.get(), bytes.data()), where, "a broken attribute", "strings");
  std::vector<std::string> result;
  for (std::size_t k = 0; k < count; ++k) {
    result.push_back(trimmed(bytes.data() + k * size, size, H5Tget_strpad(type.get())));
  }
  return result;
}

/// Where the elements of a dataset begin in the image of its file, in elements; absent where they do not lie there as
/// those of a row-major tensor, all of them and in the machine's own form.
std::optional<std::int64_t> place_in_image(const HdfHandle& dataset, const ElementType& element, std::size_t bytes,
                                           const Storage& image, const std::string& where) {
  const HdfHandle properties(H5Dget_create_plist(dataset.get()), H5Pclose, where, kFailure, kReadable);
  if (H5Pget_layout(properties.get()) != H5D_CONTIGUOUS) return std::nullopt;
  const HdfHandle stored(H5Dget_type(dataset.get()), H5Tclose, where, kFailure, kReadable);
  if (H5Tequal(stored.get(), element.memory.get()) <= 0) return std::nullopt;
  if (H5Dget_storage_size(dataset.get()) != bytes || bytes > image.bytes()) return std::nullopt;
  const haddr_t offset = H5Dget_offset(dataset.get());
  const std::size_t width = size_of(element.dtype);
  if (offset == HADDR_UNDEF || offset % width != 0 || offset > image.bytes() - bytes) return std::nullopt;
  return static_cast<std::int64_t>(offset / width);
}

}  // namespace

Tensor read_hdf_tensor(const HdfHandle& dataset, const std::string& where, const std::shared_ptr<Storage>& image) {
  constexpr std::size_t kLeastView = 1 << 16;  // below, a copy costs less than it costs to keep the file
  check_layout(dataset, where);
  const ElementType element = element_type(dataset, where);
  const Shape shape = shape_of(dataset, where);
  check_size(dataset, shape, size_of(element.dtype), where);
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(element.dtype);
  if (image != nullptr && bytes >= kLeastView) {
    const std::optional<std::int64_t> place = place_in_image(dataset, element, bytes, *image, where);
    if (place) return {image, element.dtype, shape, contiguous_strides(shape), *place};
  }
  Tensor tensor = Tensor::empty(shape, element.dtype);
  check_hdf(H5Dread(dataset.get(), element.memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.data()), where,
            "a broken dataset", kReadable);
  return tensor;
}

bool is_hdf_integer(const HdfHandle& dataset, const std::string& where) {
  const HdfHandle type(H5Dget_type(dataset.get()), H5Tclose, where, kFailure, kReadable);
  return H5Tget_class(type.get()) == H5T_INTEGER;
}

std::optional<std::vector<std::string>> read_hdf_strings(const HdfHandle& object, const std::string& name,
                                                         const std::string& where) {
  constexpr hsize_t kMostBytes = 1 << 28;
  if (H5Aexists(object.get(), name.c_str()) <= 0) return std::nullopt;
  const HdfHandle attribute(H5Aopen(object.get(), name.c_str(), H5P_DEFAULT), H5Aclose, where, "a broken attribute",
                            "strings");
  const HdfHandle type(H5Aget_type(attribute.get()), H5Tclose, where, kFailure, kReadable);
  const HdfHandle space(H5Aget_space(attribute.get()), H5Sclose, where, kFailure, kReadable);
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count < 0 || H5Aget_storage_size(attribute.get()) > kMostBytes) {
    throw ValueError(where, "an attribute of impossible size", "strings");
  }
  if (count == 0) return std::vector<std::string>{};  // Keras writes an empty list as floats
  if (H5Tget_class(type.get()) != H5T_STRING) throw ValueError(where, "an attribute of another type", "strings");
  const auto strings = static_cast<std::size_t>(count);
  if (H5Tis_variable_str(type.get()) > 0) return variable_strings(attribute, type, space, strings, where);
  return fixed_strings(attribute, type, strings, where);
}

}  // namespace rondo
