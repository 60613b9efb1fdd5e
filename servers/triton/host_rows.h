/// Rows of elements on the host, and their like on the device of the network.
#pragma once

#include <cstdint>

#include "rondo/tensor/tensor.h"

namespace rondo::triton {

/// A matrix of up to `rows` rows, which a call takes from the host to a device, or back. On the CPU it exists once.
class HostRows {
 public:
  HostRows(std::int64_t rows, std::int64_t features, DType dtype, Device device);

  /// The bytes of a row, and where a row of the host begins.
  std::size_t row_bytes() const { return row_bytes_; }
  std::byte* row(std::int64_t index) const;
  std::int64_t rows() const { return host_.size(0); }

  /// The first `count` rows on the device.
  Tensor on_device(std::int64_t count) const { return device_.slice(0, 0, count); }
  /// Copies the first `count` rows to the device, or back to the host.
  void send(std::int64_t count) const;
  void fetch(std::int64_t count) const;

 private:
  Tensor host_;
  Tensor device_;
  std::size_t row_bytes_;
};

/// Whether none of the elements, of which `bytes` bytes begin at `data`, is NaN or infinite. Integers never are.
bool all_finite(const std::byte* data, std::size_t bytes, DType dtype);

}  // namespace rondo::triton
