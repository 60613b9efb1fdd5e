/// A golden of another library: weights, inputs, and the library's results.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "rondo/formats/safetensors.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::golden {

class GoldenFile {
 public:
  explicit GoldenFile(const std::filesystem::path& path)
      : tensors_(load_safetensors(path)), description_(nlohmann::json::parse(tensors_.metadata().at("case"))) {}

  const nlohmann::json& description() const { return description_; }
  const Safetensors& tensors() const { return tensors_; }
  Tensor tensor(const std::string& name) const { return tensors_.tensor(name); }
  std::optional<Tensor> optional_tensor(const std::string& name) const {
    return tensors_.contains(name) ? std::optional(tensor(name)) : std::nullopt;
  }
  /// The cell of `description()["kind"]`.
  CellKind kind() const;

 private:
  Safetensors tensors_;
  nlohmann::json description_;
};

/// Describes a difference between `actual` and the tensor `expected/name` in a line; empty where they agree.
std::string difference(const GoldenFile& golden, const std::string& name, const Tensor& actual);

/// Runs a case. This and all further checks run cases of one origin, and return all differences.
std::string check_onnx(const GoldenFile& golden);
std::string check_pytorch(const GoldenFile& golden);
std::string check_tf1(const GoldenFile& golden);

}  // namespace rondo::golden
