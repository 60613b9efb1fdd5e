/// One golden file: its case description and its tensors. The format is written down in README.md beside this.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/nest.h"

namespace rondo::golden {

class GoldenCase {
 public:
  /// Its tensors are on `device`.
  GoldenCase(const std::filesystem::path& path, Device device);

  const nlohmann::json& description() const { return description_; }
  const nlohmann::json& options() const { return description_.at("options"); }
  bool option(const std::string& name) const { return options().at(name).get<bool>(); }
  DType dtype() const { return description_.at("dtype") == "f64" ? DType::f64 : DType::f32; }
  /// Relative to the largest expected value of a tensor.
  double tolerance() const { return dtype() == DType::f64 ? 1e-10 : 1e-5; }
  bool must_raise() const { return description_.contains("raises"); }

  Device device() const { return device_; }
  const Tensor& tensor(const std::string& name) const;
  std::optional<Tensor> optional_tensor(const std::string& name) const;
  /// `name/0`, `name/1`, ... as far as they go.
  std::vector<Tensor> tensors(const std::string& name) const;
  /// The tensor `name`, or else the tuple of `name/0`, `name/1`, ...
  Nest nest(const std::string& name) const;

 private:
  Device device_;
  std::map<std::string, Tensor> tensors_;
  nlohmann::json description_;
};

/// Compares a result with the tensors `name` (or `name/0`, ...) of a case: the first that differs, in words; empty when
/// all agree.
std::string difference(const GoldenCase& golden, const std::string& name, const Nest& actual);

/// A call to `backend.rnn`. Each returns the differences in words, empty when the case passes.
std::string check_backend_rnn(const GoldenCase& golden);
/// The same case on every executor that accepts it, straight through a session, where the step is a cell.
std::string check_backend_rnn_on_executors(const GoldenCase& golden);
/// A series of calls of a layer, on every executor that accepts what it plans.
std::string check_layer(const GoldenCase& golden);
/// The same of a Bidirectional.
std::string check_bidirectional(const GoldenCase& golden);
/// A call to a function of v1, likewise.
std::string check_dynamic_rnn(const GoldenCase& golden);
std::string check_bidirectional_rnn(const GoldenCase& golden);
std::string check_raw_rnn(const GoldenCase& golden);
/// A call to contrib's rnn.
std::string check_contrib_rnn(const GoldenCase& golden);

}  // namespace rondo::golden
