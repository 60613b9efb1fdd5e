#include "units/formats/golden_file.h"

#include "support/compare.h"

namespace rondo::golden {

CellKind GoldenFile::kind() const {
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    if (to_string(kind) == description_.at("kind")) return kind;
  }
  throw std::out_of_range("the golden file has another kind of cell: " + description_.dump());
}

std::string difference(const GoldenFile& golden, const std::string& name, const Tensor& actual) {
  const Tensor expected = golden.tensor("expected/" + name);
  const double tolerance = expected.dtype() == DType::f64 ? 1e-12 : 1e-5;
  const std::string text = test::first_difference(actual, expected, tolerance);
  return text.empty() ? text : name + " " + text + "\n";
}

}  // namespace rondo::golden
