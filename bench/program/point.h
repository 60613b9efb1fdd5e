/// What is measured: one recurrence, its sizes, its arithmetic, and how it is laid out in time and memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "rondo/recurrence/recurrence.h"

namespace rondo::bench {

/// What a point has beside a plain forward run over time-major tensors without a mask.
enum class Variant : std::uint8_t {
  plain,
  holes,            ///< a mask with one step in five dead, anywhere
  ragged,           ///< lengths from T / 4 to T; beyond them zeros
  reversed,         ///< last step first, outputs where the inputs were: the backward half of a bidirectional layer
  ragged_reversed,  ///< reversed within each row's length
  batch_major,      ///< x and y are (B, T, ...) in memory
  last_output       ///< no sequence is written, only what the last step emitted
};

std::string to_string(Variant variant);
/// Throws `ValueError` listing the known names.
Variant variant_from_name(const std::string& name);

/// The data type and how it is multiplied: "f32", "tf32", "tf32x3", "bf16", "f16", in the words of a point's `math`.
struct Arithmetic {
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
};

std::string to_string(Arithmetic arithmetic);
Arithmetic arithmetic_from_name(const std::string& name);

struct Point {
  std::string set;  ///< the first set that has it
  CellSpec cell = {};
  std::int64_t B = 1;
  std::int64_t T = 1;
  std::int64_t I = 1;
  Arithmetic arithmetic = {};
  Variant variant = Variant::plain;

  std::int64_t H() const { return cell.units; }
  /// "simple_rnn_relu", "gru_reset_before", ...
  std::string cell_name() const;
  /// "lstm/H1024/B4/T25/I1024/bf16/plain": what `--filter` looks at, and the key of a result.
  std::string id() const;
  /// Of the products with both weights; the gates' own are left out, as everywhere in the literature.
  double flops() const;
  /// The fewest that must move: weights once, x once, y once.
  double bytes() const;
  RecurrenceSpec spec(Device device) const;
};

/// Sets that `all` stands for; "quick" and "smoke" are drawn from them.
std::vector<std::string> set_names();

/// The points of `set`, "all", or several joined by commas, from the files `<set>.json` of `folder`, each once. Throws
/// `ValueError` naming the file for a set that is not there and a file that says something else than points.
std::vector<Point> load_points(const std::filesystem::path& folder, const std::string& set);

}  // namespace rondo::bench
