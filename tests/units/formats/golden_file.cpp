#include "units/formats/golden_file.h"

#include "support/cell_kinds.h"
#include "support/compare.h"

namespace rondo::golden {

CellKind GoldenFile::kind() const { return test::kind_from_name(description_.at("kind")); }

std::string difference(const GoldenFile& golden, const std::string& name, const Tensor& actual) {
  const Tensor expected = golden.tensor("expected/" + name);
  const double tolerance = expected.dtype() == DType::f64 ? 1e-12 : 1e-5;
  const std::string text = test::first_difference(actual, expected, tolerance);
  return text.empty() ? text : name + " " + text + "\n";
}

}  // namespace rondo::golden
