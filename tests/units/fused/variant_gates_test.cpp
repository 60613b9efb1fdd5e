// The gates of an LSTM with peepholes and clips, and gates with other activations, for every instruction set.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "units/fused/accuracy.h"
#include "units/fused/panel_step.h"
#include "vocabulary/activations/activate.h"

namespace rondo::fused {
namespace {

using test::GateUnit;
using test::PanelStep;
using test::SteppedUnit;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

double sigmoid(float x) { return 1.0 / (1.0 + std::exp(-static_cast<double>(x))); }

class FusedVariantGates : public ::testing::TestWithParam<const KernelTable*> {};

TEST_P(FusedVariantGates, PeepholesSeeTheCBeforeAndAfterTheStep) {
  for (const Activation state : {Activation::tanh, Activation::linear}) {
    const CellSpec cell{
        .kind = CellKind::lstm, .activation = state, .use_peepholes = true, .cell_clip = 0.75, .projection_units = 3};
    const PanelStep step(cell, *GetParam(), {0.5F, -0.25F, 2.0F});
    const auto act = [state](double x) { return state == Activation::tanh ? std::tanh(x) : x; };
    std::vector<GateUnit> units;
    for (float c = -2; c < 2; c += 0.17F) units.push_back({.input = {0.1F, 0.2F, 0.3F * c + 0.5F, -0.4F}, .c = c});
    const std::vector<SteppedUnit> stepped = step(units);
    for (std::size_t k = 0; k < units.size(); ++k) {
      const float before = units[k].c;
      const double i = sigmoid(0.1F + 0.5F * before);
      const double f = sigmoid(0.2F - 0.25F * before);
      const double g = act(static_cast<double>(units[k].input[2]));
      const double c = std::clamp(f * static_cast<double>(before) + i * g, -0.75, 0.75);
      const double o = 1 / (1 + std::exp(0.4 - 2 * c));
      EXPECT_NEAR(stepped[k].c, c, 2e-7) << before;
      EXPECT_NEAR(stepped[k].h, o * act(c), 2e-7) << before;
    }
  }
}

TEST_P(FusedVariantGates, WithoutPeepholesAnInfiniteCIsNoNan) {
  const PanelStep step({.kind = CellKind::lstm, .projection_units = 2}, *GetParam());
  const SteppedUnit unit = step(std::vector<GateUnit>{{.c = kInfinity}})[0];
  EXPECT_EQ(unit.c, kInfinity);
  EXPECT_EQ(unit.h, 0.5F);
}

/// Of every basic activation, at numbers of all kinds, against the formula that all executors share.
TEST_P(FusedVariantGates, OfBasicActivations) {
  for (const Activation activation : {Activation::linear, Activation::tanh, Activation::sigmoid,
                                      Activation::hard_sigmoid, Activation::hard_sigmoid_keras3, Activation::relu}) {
    SCOPED_TRACE(to_string(activation));
    const CellSpec cell{.kind = CellKind::simple_rnn, .activation = activation};
    std::vector<GateUnit> units;
    for (const float x : test::floats_of_all_kinds()) units.push_back({.input = {x}});
    const std::vector<SteppedUnit> stepped = PanelStep(cell, *GetParam())(units);
    for (std::size_t k = 0; k < units.size(); ++k) {
      const float x = units[k].input[0];
      const double exact = activate(activation, static_cast<double>(x));
      const double y = std::abs(exact) < test::kSmallestNormal ? 0.0 : exact;
      const bool is_near = std::abs(static_cast<double>(stepped[k].h) - y) <= 1e-7;  // 0.2 x + 0.5 cancels
      ASSERT_TRUE(is_near || test::units_apart(stepped[k].h, y) <= 4.0) << x << " gives " << stepped[k].h;
    }
  }
}

/// Gates of other activations are computed unit by unit.
TEST_P(FusedVariantGates, InPlainFormulas) {
  const PanelStep step({.kind = CellKind::lstm, .recurrent_activation = Activation::softsign}, *GetParam());
  const SteppedUnit unit = step(std::vector<GateUnit>{{.input = {1, 1, 0.5F, 3}, .c = 0.25F}})[0];
  const double c = 0.5 * 0.25 + 0.5 * std::tanh(0.5);
  EXPECT_NEAR(unit.c, c, 1e-7);
  EXPECT_NEAR(unit.h, 0.75 * std::tanh(c), 1e-7);
}

INSTANTIATE_TEST_SUITE_P(Targets, FusedVariantGates, ::testing::ValuesIn(all_kernels()),
                         [](const auto& table) { return std::string(table.param->target); });

}  // namespace
}  // namespace rondo::fused
