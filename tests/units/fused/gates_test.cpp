// The gates of every cell, for every instruction set of the machine: products of a gate and a value against double
// precision, from wide open to closed gates.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "units/fused/accuracy.h"
#include "units/fused/panel_step.h"

namespace rondo::fused {
namespace {

using test::GateUnit;
using test::PanelStep;
using test::Random;
using test::SteppedUnit;
using test::WorstUnits;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kOpen = 200.0F;
constexpr float kClosed = -200.0F;
constexpr double kOfBlend = 6.0;

double sigmoid(float x) { return 1.0 / (1.0 + std::exp(-static_cast<double>(x))); }
double tanh(float x) { return std::tanh(static_cast<double>(x)); }

/// The sum of a gate, and the value that the gate multiplies.
struct Pair {
  float gate;
  float value;
};

/// Pairs in which every float of all kinds is a gate and a value, each beside some floats of another kind.
const std::vector<Pair>& all_pairs() {
  static const std::vector<Pair> pairs = [] {
    const std::vector<float> floats = test::floats_of_all_kinds();
    Random random(4);
    std::vector<Pair> result;
    for (const float number : floats) {
      const auto other = floats[static_cast<std::size_t>(random.integer(0, std::ssize(floats) - 1))];
      const auto middle = static_cast<float>(random.uniform(-12, 12));
      result.insert(result.end(), {{number, other}, {other, number}, {number, middle}, {middle, number}});
    }
    return result;
  }();
  return pairs;
}

class FusedGates : public ::testing::TestWithParam<const KernelTable*> {
 protected:
  /// Steps a unit for each pair, and compares its result with `exact`, within a number of units in the last place.
  template <typename MakeUnit, typename Actual, typename Exact>
  void expect_accurate(const char* what, const CellSpec& cell, MakeUnit make_unit, Actual actual, Exact exact,
                       double most = 4.0) {
    std::vector<GateUnit> units;
    for (const Pair& pair : all_pairs()) units.push_back(make_unit(pair));
    const std::vector<SteppedUnit> stepped = PanelStep(cell, *GetParam())(units);
    WorstUnits worst;
    for (std::size_t i = 0; i < units.size(); ++i) {
      const Pair& pair = all_pairs()[i];
      if (test::is_nearly_denormal(sigmoid(pair.gate))) continue;
      worst.take(actual(stepped[i]), exact(pair), pair.gate, pair.value);
    }
    worst.expect_at_most(most, what);
  }
};

float h_of(const SteppedUnit& unit) { return unit.h; }
float c_of(const SteppedUnit& unit) { return unit.c; }
float reset_h_of(const SteppedUnit& unit) { return unit.reset_h; }

/// The exact product of gate and value. A gate that is smaller than a normal number is closed and gives zero.
double gate_times_value(const Pair& pair) {
  const double gate = sigmoid(pair.gate);
  return (gate < test::kSmallestNormal ? 0.0 : gate) * static_cast<double>(pair.value);
}
double gate_times_tanh(const Pair& pair) { return sigmoid(pair.gate) * tanh(pair.value); }
double rest_times_tanh(const Pair& pair) { return sigmoid(-pair.gate) * tanh(pair.value); }

TEST_P(FusedGates, OfAnLstm) {
  const CellSpec cell{.kind = CellKind::lstm};
  expect_accurate(
      "i g", cell,
      [](Pair pair) {
        return GateUnit{.input = {pair.gate, 0, pair.value, 0}};
      },
      c_of, gate_times_tanh);
  expect_accurate(
      "f c", cell,
      [](Pair pair) {
        return GateUnit{.input = {0, pair.gate, 0, 0}, .c = pair.value};
      },
      c_of, gate_times_value);
  expect_accurate(
      "o tanh(c)", cell,
      [](Pair pair) {
        return GateUnit{.input = {0, kOpen, 0, pair.gate}, .c = pair.value};
      },
      h_of, gate_times_tanh);
}

TEST_P(FusedGates, OfASimpleRnn) {
  expect_accurate(
      "tanh", {.kind = CellKind::simple_rnn}, [](Pair pair) { return GateUnit{.input = {pair.value}}; }, h_of,
      [](Pair pair) { return tanh(pair.value); });
}

TEST_P(FusedGates, OfAGru) {
  for (const bool reset_after : {true, false}) {
    const CellSpec cell{.kind = CellKind::gru, .reset_after = reset_after};
    SCOPED_TRACE(reset_after ? "resets after its product" : "resets before its product");
    expect_accurate(
        "z h", cell, [](Pair pair) { return GateUnit{.input = {pair.gate}, .h = pair.value}; }, h_of, gate_times_value,
        kOfBlend);
    expect_accurate(
        "(1 - z) tanh(a)", cell,
        [](Pair pair) {
          return GateUnit{.input = {pair.gate, 0, pair.value}};
        },
        h_of, rest_times_tanh, kOfBlend);
  }
  expect_accurate(
      "r h", {.kind = CellKind::gru, .reset_after = false},
      [](Pair pair) {
        return GateUnit{.input = {0, pair.gate, 0}, .h = pair.value};
      },
      reset_h_of, gate_times_value);
}

TEST_P(FusedGates, OfAnLstmWithAClip) {
  const CellSpec cell{.kind = CellKind::lstm, .cell_clip = 1e6};
  const auto clipped = [](double c) { return std::isnan(c) ? c : std::clamp(c, -1e6, 1e6); };
  expect_accurate(
      "i g", cell,
      [](Pair pair) {
        return GateUnit{.input = {pair.gate, 0, pair.value, 0}};
      },
      c_of, gate_times_tanh);
  expect_accurate(
      "clip(f c)", cell,
      [](Pair pair) {
        return GateUnit{.input = {0, pair.gate, 0, 0}, .c = pair.value};
      },
      c_of, [&](Pair pair) { return clipped(gate_times_value(pair)); });
  expect_accurate(
      "o tanh(c)", cell,
      [](Pair pair) {
        return GateUnit{.input = {0, kOpen, 0, pair.gate}, .c = pair.value};
      },
      h_of, gate_times_tanh);
}

TEST_P(FusedGates, OfAnMgu) {
  const CellSpec cell{.kind = CellKind::mgu};
  expect_accurate(
      "f h", cell, [](Pair pair) { return GateUnit{.input = {pair.gate}, .h = pair.value}; }, h_of, gate_times_value,
      kOfBlend);
  expect_accurate(
      "(1 - f) tanh(a)", cell,
      [](Pair pair) {
        return GateUnit{.input = {pair.gate, pair.value}};
      },
      h_of, rest_times_tanh, kOfBlend);
}

TEST_P(FusedGates, AClosedResetGateLetsNothingThrough) {
  const PanelStep step({.kind = CellKind::gru}, *GetParam());
  const auto candidate_of = [&](float gate, float h_u) {
    return step(std::vector<GateUnit>{{.input = {kClosed, gate, 1.0F}, .recurrent = {0, 0, h_u}}})[0].h;
  };
  EXPECT_LE(test::units_apart(candidate_of(kClosed, 3e38F), std::tanh(1.0)), 4.0);
  EXPECT_TRUE(std::isnan(candidate_of(kClosed, kInfinity)));
  EXPECT_EQ(candidate_of(kOpen, -kInfinity), -1.0F);
}

TEST_P(FusedGates, BlendsKeepOneAndDropTheOther) {
  for (const bool reset_after : {true, false}) {
    const PanelStep step({.kind = CellKind::gru, .reset_after = reset_after}, *GetParam());
    const auto h_after = [&](float gate, float h, float a) {
      return step(std::vector<GateUnit>{{.input = {gate, 0, a}, .h = h}})[0].h;
    };
    EXPECT_EQ(h_after(kOpen, 3e38F, -20.0F), 3e38F);
    EXPECT_EQ(h_after(kOpen, 1e-30F, -20.0F), 1e-30F);
    EXPECT_EQ(h_after(kOpen, -kInfinity, 20.0F), -kInfinity);
    EXPECT_EQ(h_after(kClosed, 3e38F, 20.0F), 1.0F);
    EXPECT_TRUE(std::isnan(h_after(kClosed, kInfinity, 1.0F)));
    EXPECT_EQ(h_after(0.0F, kInfinity, 1.0F), kInfinity);
    EXPECT_TRUE(std::isnan(h_after(std::nanf(""), 1.0F, 1.0F)));
    for (float gate = -30.0F; gate <= 30.0F; gate += 0.37F) {
      const double expected = sigmoid(gate) * 0.75 + sigmoid(-gate) * tanh(0.5F);
      EXPECT_LE(test::units_apart(h_after(gate, 0.75F, 0.5F), expected), 4.0) << gate;
    }
  }
}

TEST_P(FusedGates, WithALinearOrAHardActivation) {
  const CellSpec lstm{.kind = CellKind::lstm, .activation = Activation::linear};
  expect_accurate(
      "f c", lstm,
      [](Pair pair) {
        return GateUnit{.input = {0, pair.gate, 0, 0}, .c = pair.value};
      },
      c_of, gate_times_value);
  expect_accurate(
      "i g", lstm,
      [](Pair pair) {
        return GateUnit{.input = {pair.gate, 0, pair.value, 0}};
      },
      c_of, gate_times_value);
  const CellSpec hard{.kind = CellKind::lstm, .recurrent_activation = Activation::hard_sigmoid};
  expect_accurate(
      "tanh", hard,
      [](Pair pair) {
        return GateUnit{.input = {kOpen, kOpen, pair.value, 0}};
      },
      c_of, [](Pair pair) { return tanh(pair.value); });
}

INSTANTIATE_TEST_SUITE_P(Targets, FusedGates, ::testing::ValuesIn(all_kernels()),
                         [](const auto& table) { return std::string(table.param->target); });

}  // namespace
}  // namespace rondo::fused
