/// One golden file: its case description and its tensors. README.md in this folder describes the format.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rondo/formats/safetensors.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/nest.h"

namespace rondo::golden {

class GoldenCase {
 public:
  /// Reads a file. The tensors are on `device`.
  GoldenCase(const std::filesystem::path& path, Device device);

  const nlohmann::json& description() const { return description_; }
  const nlohmann::json& options() const { return description_.at("options"); }
  bool option(const std::string& name) const { return options().at(name).get<bool>(); }
  DType dtype() const { return description_.at("dtype") == "f64" ? DType::f64 : DType::f32; }
  /// The tolerance, relative to the largest expected value of a tensor.
  double tolerance() const { return dtype() == DType::f64 ? 1e-10 : 1e-5; }
  bool must_raise() const { return description_.contains("raises"); }

  Device device() const { return device_; }
  /// The file, whose tensors are on the CPU.
  const Safetensors& file() const { return file_; }
  const Tensor& tensor(const std::string& name) const;
  std::optional<Tensor> optional_tensor(const std::string& name) const;
  /// The tensors `name/0`, `name/1`, ... up to the first missing one.
  std::vector<Tensor> tensors(const std::string& name) const;
  /// The tensor `name`, or else the tuple of `name/0`, `name/1`, ...
  Nest nest(const std::string& name) const;

 private:
  Device device_;
  Safetensors file_;
  std::map<std::string, Tensor> tensors_;
  nlohmann::json description_;
};

/// Room for a result like this tensor: NaN, which no comparison takes for a number.
Tensor unwritten(const Tensor& like);

/// Compares a result with the tensors `name` (or `name/0`, ...) of a case. Describes the first that differs; empty when
/// all agree.
std::string difference(const GoldenCase& golden, const std::string& name, const Nest& actual);

/// Runs a call to `backend.rnn`. This and all further checks return the differences in words, empty when a case passes.
std::string check_backend_rnn(const GoldenCase& golden);
/// Runs a `backend.rnn` case whose step is a cell through a session, on every executor that accepts the recurrence.
std::string check_backend_rnn_on_executors(const GoldenCase& golden);
/// Runs a series of calls of a layer, on every executor that accepts the layer's recurrences.
std::string check_layer(const GoldenCase& golden);
/// Runs a series of calls of a Bidirectional, on every executor that accepts its recurrences.
std::string check_bidirectional(const GoldenCase& golden);
/// Runs a call to a function of v1, on every executor that accepts its recurrences.
std::string check_dynamic_rnn(const GoldenCase& golden);
std::string check_bidirectional_rnn(const GoldenCase& golden);
std::string check_raw_rnn(const GoldenCase& golden);
/// Runs a session and its backward, with every pair of executors that accept the recurrence.
std::string check_gradients(const GoldenCase& golden);
/// Runs a network and its backward, with every pair of executors that accept its recurrences.
std::string check_torch_gradients(const GoldenCase& golden);
/// Runs a call to contrib's rnn.
std::string check_contrib_rnn(const GoldenCase& golden);

}  // namespace rondo::golden
