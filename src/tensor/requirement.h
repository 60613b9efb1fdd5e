/// The one check that a tensor has the shape, the dtype and the device that it must have, and its one message.
#pragma once

#include <optional>
#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// What an argument must be.
struct Requirement {
  std::string name;  ///< of the argument, as messages have it
  Shape shape;
  std::optional<DType> dtype = std::nullopt;    ///< absent: every dtype fits
  std::optional<Device> device = std::nullopt;  ///< absent: every device fits
  std::string reason = {};                      ///< why the argument must be so, such as "to fit the kernel"
};

/// Throws `ValueError` unless the tensor is defined and as required: "<name>: got i32(2, 3) on cpu, expected f32(2, 4)
/// on cpu, <reason>". The expected dtype, device and reason stand there where the requirement has them.
void check_tensor(const Tensor& tensor, const Requirement& required);

/// The check of an optional argument that must be given. The message of an absent one has "none".
void check_tensor(const std::optional<Tensor>& tensor, const Requirement& required);

/// Throws `ValueError` for an optional argument that is absent though `wanted`, or given though not: "<name>: got none,
/// expected one, <reason>". Without a reason the message ends before it.
void check_presence(const std::string& name, const std::optional<Tensor>& tensor, bool wanted,
                    const std::string& reason = {});

}  // namespace rondo
