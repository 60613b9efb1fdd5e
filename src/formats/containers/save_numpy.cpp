#include <array>
#include <string>
#include <string_view>

#include "formats/containers/npy_header.h"
#include "formats/containers/output_file.h"
#include "formats/containers/zip_writer.h"
#include "rondo/formats/numpy_file.h"

namespace rondo {
namespace {

/// A tensor as NumPy can hold it: row-major on the host.
Tensor numpy_tensor(const Tensor& tensor) {
  const Tensor host = tensor.to(cpu());
  return (host.dtype() == DType::bf16 ? host.to(DType::f32) : host).contiguous();
}

/// Version 1.0 of the format: magic, version, the size of the header, and the header up to a multiple of 64 bytes.
std::string header_of(const Tensor& tensor) {
  std::string shape;
  for (const std::int64_t size : tensor.shape()) shape += std::to_string(size) + ", ";
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  if (tensor.rank() == 1) shape.resize(shape.size() - 1);  // (2,)
  std::string header =
      "{'descr': '" + npy_descr(tensor.dtype()) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr std::size_t kStart = 10;
  constexpr std::size_t kUnit = 64;
  header.append((kUnit - (kStart + header.size() + 1) % kUnit) % kUnit, ' ');
  header += '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += static_cast<char>(header.size() & 0xff);
  start += static_cast<char>(header.size() >> 8);
  return start + header;
}

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data()), static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype())};
}

}  // namespace

void save_npy(const std::filesystem::path& path, const Tensor& tensor) {
  const Tensor host = numpy_tensor(tensor);
  const std::string header = header_of(host);
  write_file(path, std::array<std::string_view, 2>{header, bytes_of(host)});
}

void save_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
  check_names_differ(path.string(), tensors);
  std::vector<ZipEntry> entries;
  for (const NamedTensor& named : tensors) {
    const Tensor host = numpy_tensor(named.tensor);
    entries.push_back({named.name + ".npy", header_of(host) + std::string(bytes_of(host))});
  }
  write_zip(path, entries);
}

}  // namespace rondo
