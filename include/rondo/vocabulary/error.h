/// Exceptions of Rondo.
///
/// The names are those of Keras's and TensorFlow's reference pages: "Raises: ValueError" on a page is
/// `catch (const rondo::ValueError&)` here. Every message names the argument, what was given, and what was expected.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

namespace rondo {

/// The base of all exceptions that Rondo throws on purpose.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message);

  /// "argument: got <came>, expected <expected>": the form of nearly every message.
  Error(const std::string& argument, const std::string& came, const std::string& expected);

  /// The parts of such a message; empty where a message has another form.
  const std::string& argument() const { return parts_->argument; }
  const std::string& came() const { return parts_->came; }
  const std::string& expected() const { return parts_->expected; }

 private:
  struct Parts {
    std::string argument;
    std::string came;
    std::string expected;
  };

  std::shared_ptr<const Parts> parts_;  // shared, because copies of an exception must not throw
};

/// An argument has the right type but a value, shape, dtype or file content that cannot be used.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// An argument has the wrong kind: a nest in place of a tensor, a view of the wrong element type.
class TypeError : public Error {
 public:
  using Error::Error;
};

/// The object does not support the call, such as `reset_states` on a layer that is not stateful.
class AttributeError : public Error {
 public:
  using Error::Error;
};

/// A library that Rondo uses (oneDNN, HDF5, the CUDA runtime) or the operating system refused a call.
class RuntimeError : public Error {
 public:
  using Error::Error;
};

/// An allocator has no memory left, on the CPU or on a device.
class OutOfMemory : public RuntimeError {
 public:
  using RuntimeError::RuntimeError;
};

/// A CUDA device, or one of its libraries, failed. The message has the call and the library's own words. After an error
/// of the device itself, all later calls on it fail as well. A layer also throws it where an earlier call has stalled
/// (SessionStatus::stalled); then later calls work.
class DeviceError : public RuntimeError {
 public:
  using RuntimeError::RuntimeError;
};

}  // namespace rondo
