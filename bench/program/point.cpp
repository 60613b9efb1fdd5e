#include "program/point.h"

#include <array>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

constexpr std::array<std::pair<Variant, const char*>, 9> kVariants{{{Variant::plain, "plain"},
                                                                    {Variant::holes, "holes"},
                                                                    {Variant::ragged, "ragged"},
                                                                    {Variant::reversed, "reversed"},
                                                                    {Variant::ragged_reversed, "ragged_reversed"},
                                                                    {Variant::packed, "packed"},
                                                                    {Variant::resets, "resets"},
                                                                    {Variant::batch_major, "batch_major"},
                                                                    {Variant::last_output, "last_output"}}};

constexpr std::array<std::pair<Arithmetic, const char*>, 5> kArithmetics{{{{DType::f32, MatrixMath::strict}, "f32"},
                                                                          {{DType::f32, MatrixMath::tf32}, "tf32"},
                                                                          {{DType::f32, MatrixMath::tf32x3}, "tf32x3"},
                                                                          {{DType::bf16, MatrixMath::strict}, "bf16"},
                                                                          {{DType::f16, MatrixMath::strict}, "f16"}}};

template <typename Table>
auto value_of(const Table& table, const std::string& argument, const std::string& name) {
  std::string known;
  for (const auto& [value, known_name] : table) {
    if (name == known_name) return value;
    known += (known.empty() ? "" : ", ") + std::string(known_name);
  }
  throw ValueError(argument, "'" + name + "'", "one of " + known);
}

}  // namespace

std::string to_string(Variant variant) {
  for (const auto& [value, name] : kVariants) {
    if (value == variant) return name;
  }
  return "unknown";
}

Variant variant_from_name(const std::string& name) { return value_of(kVariants, "variant", name); }

std::string to_string(Arithmetic arithmetic) {
  for (const auto& [value, name] : kArithmetics) {
    if (value.dtype == arithmetic.dtype && value.math == arithmetic.math) return name;
  }
  return "unknown";
}

Arithmetic arithmetic_from_name(const std::string& name) { return value_of(kArithmetics, "math", name); }

std::string Point::cell_name() const {
  std::string name = to_string(cell.kind);
  if (cell.kind == CellKind::gru && !cell.reset_after) name += "_reset_before";
  if (cell.use_peepholes) name += "_peepholes";
  if (cell.cell_clip) name += "_clipped";
  if (cell.activation != Activation::tanh) name += "_" + to_string(cell.activation);
  return name;
}

std::string Point::id() const {
  const auto size = [](const char* letter, std::int64_t value) { return "/" + (letter + std::to_string(value)); };
  return cell_name() + size("H", H()) + size("B", B) + size("T", T) + size("I", I) + "/" + to_string(arithmetic) + "/" +
         to_string(variant);
}

// T steps of (B, I + H) x (I + H, G H), two operations for each product.
double Point::flops() const {
  return 2.0 * static_cast<double>(T) * static_cast<double>(B) * static_cast<double>(gate_count(cell.kind) * H()) *
         static_cast<double>(I + H());
}

double Point::bytes() const {
  const std::int64_t weights = (I + H()) * gate_count(cell.kind) * H();
  const std::int64_t y = variant == Variant::last_output ? B * H() : T * B * H();
  return static_cast<double>(weights + T * B * I + y) * static_cast<double>(size_of(arithmetic.dtype));
}

RecurrenceSpec Point::spec(Device device) const {
  RecurrenceSpec spec{.cell = cell, .T = T, .B = B, .I = I};
  spec.dtype = arithmetic.dtype;
  spec.math = arithmetic.math;
  spec.device = device;
  spec.has_mask = variant == Variant::holes;
  spec.has_resets = variant == Variant::resets;
  spec.has_lengths = variant == Variant::ragged || variant == Variant::ragged_reversed;
  spec.packed = variant == Variant::packed;
  if (spec.has_lengths) spec.rules.dead = DeadOutput::zeros;
  if (variant == Variant::reversed) spec.rules.read = ReadOrder::reversed;
  if (variant == Variant::ragged_reversed) spec.rules.read = ReadOrder::reversed_within_length;
  if (!spec.rules.reads_forward()) spec.rules.write = WriteOrder::input;
  return spec;
}

}  // namespace rondo::bench
