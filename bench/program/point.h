/// A point of the benchmark: one recurrence, its sizes, its arithmetic, and its layout in time and memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "rondo/recurrence/recurrence.h"

namespace rondo::bench {

/// How a point differs from a forward run over time-major tensors without a mask (`plain`).
enum class Variant : std::uint8_t {
  plain,
  holes,            ///< a mask with one step in five dead, anywhere
  ragged,           ///< lengths from T / 4 to T; outputs beyond them are zeros
  reversed,         ///< last step first, outputs in input order: the backward half of a bidirectional layer
  ragged_reversed,  ///< reversed within each row's length
  packed,           ///< ragged, without padding: (N, features), with sizes that the device reads
  resets,           ///< one step in twenty begins a new piece, anywhere
  batch_major,      ///< x and y are (B, T, ...) in memory
  last_output       ///< no sequence is written, only the output of the last step
};

std::string to_string(Variant variant);
/// The variant of this name. Throws `ValueError`, which lists the known names, for an unknown one.
Variant variant_from_name(const std::string& name);

/// The data type and the kind of products. Names in a point's `math`: "f32", "tf32", "tf32x3", "bf16", "f16".
struct Arithmetic {
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
};

std::string to_string(Arithmetic arithmetic);
Arithmetic arithmetic_from_name(const std::string& name);

struct Point {
  std::string set;  ///< the first set that has the point
  CellSpec cell = {};
  std::int64_t B = 1;
  std::int64_t T = 1;
  std::int64_t I = 1;
  Arithmetic arithmetic = {};
  Variant variant = Variant::plain;

  std::int64_t H() const { return cell.units; }
  /// The cell's name: "simple_rnn_relu", "gru_reset_before", ...
  std::string cell_name() const;
  /// The key of a result, which `--filter` searches: "lstm/H1024/B4/T25/I1024/bf16/plain".
  std::string id() const;
  /// Operations of the products with both weights. The operations of the gates are left out, as is usual in papers.
  double flops() const;
  /// The fewest bytes that must move: weights once, x once, y once.
  double bytes() const;
  RecurrenceSpec spec(Device device) const;
};

/// The sets that "all" stands for; "quick" and "smoke" are drawn from them.
std::vector<std::string> set_names();

/// The points, each once, of `set`: a name, "all", or several names joined by commas. Reads the files `<set>.json` of
/// `folder`. Throws `ValueError`, which names the file, for a missing set and a file that is no list of points.
std::vector<Point> load_points(const std::filesystem::path& folder, const std::string& set);

}  // namespace rondo::bench
