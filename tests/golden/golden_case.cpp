#include "golden/golden_case.h"

#include "support/compare.h"

namespace rondo::golden {

GoldenCase::GoldenCase(const std::filesystem::path& path)
    : file_(load_safetensors(path)), description_(nlohmann::json::parse(file_.metadata().at("case"))) {}

std::optional<Tensor> GoldenCase::optional_tensor(const std::string& name) const {
  return file_.contains(name) ? std::optional(file_.tensor(name)) : std::nullopt;
}

std::vector<Tensor> GoldenCase::tensors(const std::string& name) const {
  std::vector<Tensor> result;
  while (file_.contains(name + "/" + std::to_string(result.size()))) {
    result.push_back(file_.tensor(name + "/" + std::to_string(result.size())));
  }
  return result;
}

Nest GoldenCase::nest(const std::string& name) const {
  if (file_.contains(name)) return file_.tensor(name);
  const std::vector<Tensor> leaves = tensors(name);
  return Nest::tuple({leaves.begin(), leaves.end()});
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
