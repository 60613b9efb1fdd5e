/// A step of a cell's gates without products, in the panels of a kernel table. The caller passes and gets units.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "cpu/fused/panels.h"
#include "cpu/fused/scalar_gates.h"
#include "cpu/threads/flush_denormals.h"

namespace rondo::test {

/// One unit before a step: x W + b and h U of each gate, and its states.
struct GateUnit {
  std::array<float, 4> input{};
  std::array<float, 4> recurrent{};
  float h = 0;
  float c = 0;
};

/// One unit after a step.
struct SteppedUnit {
  float h = 0;
  float c = 0;
  float reset_h = 0;  ///< r h, for a GRU that resets before its product
};

/// Steps `units` in the mode of a run. Units are spread over three rows at a time, because the kernels have one path
/// for two rows and another path for a single row.
class PanelStep {
 public:
  /// With `peepholes`, every unit has these weights of i, f and o.
  PanelStep(const CellSpec& cell, const fused::KernelTable& kernels, std::array<float, 3> peepholes = {})
      : cell_(cell),
        lanes_(kernels.lanes),
        width_(static_cast<std::size_t>(fused::padded_units(cell_, lanes_))),
        gates_(cell_, kernels, false) {
    variant_.cell_clip = bound_of<float>(cell.cell_clip);
    if (!cell.use_peepholes) return;
    for (const float weight : peepholes) peepholes_.insert(peepholes_.end(), width_, weight);
    variant_.peepholes = peepholes_.data();
    variant_.stride = static_cast<std::int64_t>(width_);
  }
  PanelStep(const PanelStep&) = delete;
  PanelStep& operator=(const PanelStep&) = delete;

  std::vector<SteppedUnit> operator()(std::span<const GateUnit> units) const {
    const FlushDenormals flush_denormals;
    std::vector<SteppedUnit> results;
    for (std::size_t first = 0; first < units.size(); first += kRows * width_) {
      const std::span<const GateUnit> some = units.subspan(first, std::min(kRows * width_, units.size() - first));
      std::vector<GateUnit> padded(some.begin(), some.end());
      padded.resize(kRows * width_);
      const std::vector<SteppedUnit> stepped = step(padded);
      results.insert(results.end(), stepped.begin(), stepped.begin() + static_cast<std::ptrdiff_t>(some.size()));
    }
    return results;
  }

 private:
  static constexpr std::size_t kRows = 3;

  /// The states of the rows, and the gates of one panel of them.
  struct Buffers {
    std::vector<float> h, next_h, c, reset_h;
    std::array<std::vector<float>, kRows> input;
    std::vector<float> sums;
  };

  std::vector<SteppedUnit> step(const std::vector<GateUnit>& units) const {
    Buffers of;
    for (const GateUnit& unit : units) {
      of.h.push_back(unit.h);
      of.c.push_back(unit.c);
    }
    of.next_h.resize(units.size());
    of.reset_h.resize(units.size());
    const std::span<const fused::Pass> passes = fused::passes_of(cell_);
    for (std::size_t pass = 0; pass < passes.size(); ++pass) {
      const auto panel_units = static_cast<std::size_t>(passes[pass].panel_units(lanes_));
      for (std::size_t first = 0; first < width_; first += panel_units) {
        gather(passes[pass], first, units, of);
        apply(pass, first, of);
      }
    }
    std::vector<SteppedUnit> results;
    for (std::size_t i = 0; i < units.size(); ++i) results.push_back({of.next_h[i], of.c[i], of.reset_h[i]});
    return results;
  }

  /// Writes the inputs of a panel's gates in the layout of the pass.
  void gather(const fused::Pass& pass, std::size_t first, const std::vector<GateUnit>& units, Buffers& of) const {
    of.sums.clear();
    for (std::size_t row = 0; row < kRows; ++row) {
      of.input[row].clear();
      for (int vector = 0; vector < pass.unit_vectors; ++vector) {
        for (int gate = pass.first_gate; gate < pass.first_gate + pass.gates; ++gate) {
          for (int lane = 0; lane < lanes_; ++lane) {
            const GateUnit& unit = units[row * width_ + first + static_cast<std::size_t>(vector * lanes_ + lane)];
            of.input[row].push_back(unit.input[static_cast<std::size_t>(gate)]);
            of.sums.push_back(unit.recurrent[static_cast<std::size_t>(gate)]);
          }
        }
      }
    }
  }

  void apply(std::size_t pass, std::size_t first, Buffers& of) const {
    const std::vector<float> no_bias(of.input[0].size());
    std::array<fused::RowStates, kRows> rows;
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t unit = row * width_;
      rows[row] = {of.input[row].data(), of.h.data() + unit, of.next_h.data() + unit, of.c.data() + unit,
                   of.reset_h.data() + unit};
    }
    gates_.apply(pass, {.rows = rows.data(),
                        .row_count = kRows,
                        .sums = of.sums.data(),
                        .input_offset = 0,
                        .first_unit = static_cast<std::int64_t>(first),
                        .recurrent_bias = no_bias.data(),
                        .variant = &variant_});
  }

  const CellSpec cell_;
  const int lanes_;
  const std::size_t width_;
  const fused::Gates gates_;
  std::vector<float> peepholes_;
  fused::LstmVariant variant_;
};

}  // namespace rondo::test
