#include "agreement/golden/golden_case.h"

#include <limits>

#include "support/compare.h"

namespace rondo::golden {

GoldenCase::GoldenCase(const std::filesystem::path& path, Device device)
    : device_(device), file_(load_safetensors(path)), description_(nlohmann::json::parse(file_.metadata().at("case"))) {
  for (const auto& [name, tensor] : file_.tensors()) tensors_[name] = tensor.to(device);
}

const Tensor& GoldenCase::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw std::out_of_range("the golden case has no tensor " + name);
  return found->second;
}

std::optional<Tensor> GoldenCase::optional_tensor(const std::string& name) const {
  return tensors_.contains(name) ? std::optional(tensor(name)) : std::nullopt;
}

std::vector<Tensor> GoldenCase::tensors(const std::string& name) const {
  std::vector<Tensor> result;
  while (tensors_.contains(name + "/" + std::to_string(result.size()))) {
    result.push_back(tensor(name + "/" + std::to_string(result.size())));
  }
  return result;
}

Nest GoldenCase::nest(const std::string& name) const {
  if (tensors_.contains(name)) return tensor(name);
  const std::vector<Tensor> leaves = tensors(name);
  return Nest::tuple({leaves.begin(), leaves.end()});
}

Tensor unwritten(const Tensor& like) {
  return Tensor::full(like.shape(), std::numeric_limits<double>::quiet_NaN(), like.dtype(), like.device());
}

std::string difference(const GoldenCase& golden, const std::string& name, const Nest& actual) {
  const std::vector<Tensor> expected = golden.nest(name).flatten();
  const std::vector<Tensor> leaves = actual.flatten();
  if (leaves.size() != expected.size()) {
    return name + ": " + std::to_string(leaves.size()) + " tensors instead of " + std::to_string(expected.size()) +
           "\n";
  }
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    const std::string text = test::first_difference(leaves[k], expected[k], golden.tolerance());
    if (!text.empty()) return name + "[" + std::to_string(k) + "] " + text + "\n";
  }
  return {};
}

}  // namespace rondo::golden
