#include <gtest/gtest.h>

#include <functional>

#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/plan/masked_lstm.h"

namespace rondo {
namespace {

using test::close;
using test::expect_words;

using Fixture = test::MaskedLstm;

constexpr std::int64_t T = Fixture::T;
constexpr std::int64_t B = Fixture::B;
constexpr std::int64_t I = Fixture::I;
constexpr std::int64_t H = Fixture::H;

TEST(Session, SixteenBitFloatsComputeInFloatAndRoundOnce) {
  for (const auto& [dtype, tolerance] : {std::pair(DType::f16, 1e-3), std::pair(DType::bf16, 8e-3)}) {
    const Fixture narrow(dtype);
    narrow.run();
    Fixture wide(DType::f64);
    wide.weights = {narrow.weights.kernel.to(DType::f64), narrow.weights.recurrent_kernel.to(DType::f64),
                    narrow.weights.bias->to(DType::f64)};
    wide.tensors.x = narrow.tensors.x.to(DType::f64);
    for (std::size_t k = 0; k < 2; ++k) wide.tensors.initial_state[k] = narrow.tensors.initial_state[k].to(DType::f64);
    wide.run();
    // States are kept in float, so that the error is that of one rounding.
    EXPECT_TRUE(close(*narrow.tensors.y, *wide.tensors.y, tolerance));
    EXPECT_TRUE(close(narrow.tensors.final_state[1], wide.tensors.final_state[1], tolerance));
  }
}

TEST(Session, OneStateIsEnoughForAGru) {
  Fixture fixture;
  fixture.spec.cell = {.kind = CellKind::gru, .units = H, .use_bias = false};
  fixture.weights = {
      fixture.weights.kernel.slice(1, 0, 3 * H), fixture.weights.recurrent_kernel.slice(1, 0, 3 * H), {}};
  fixture.tensors.initial_state.pop_back();
  fixture.tensors.final_state.pop_back();
  fixture.run();
  EXPECT_EQ(fixture.tensors.y->numel(), T * B * H);
}

/// Gives the cell a projection to 2 features, and leaves the tensors of the run as they are.
void project(Fixture& fixture) {
  fixture.spec.cell.projection_units = 2;
  fixture.weights.recurrent_kernel = fixture.weights.recurrent_kernel.slice(0, 0, 2);
  fixture.weights.projection = Tensor::zeros({H, 2}, DType::f32);
}

struct BadInput {
  const char* what;
  std::vector<std::string> words;
  std::function<void(Fixture&)> spoil;
};

void plan_resets(Fixture& f, const Tensor& resets) {
  f.spec.has_resets = true;
  f.tensors.resets = resets;
}

TEST(Session, NamesTheTensorThatDoesNotFit) {
  const BadInput table[] = {
      {"x of another shape",
       {"x: got f32(5, 3, 1)", "f32(5, 3, 2)"},
       [](Fixture& f) { f.tensors.x = f.tensors.x.slice(2, 0, 1); }},
      {"no x", {"x: got an empty tensor"}, [](Fixture& f) { f.tensors.x = {}; }},
      {"x of another dtype", {"x: got f64"}, [](Fixture& f) { f.tensors.x = f.tensors.x.to(DType::f64); }},
      {"x with gaps inside",
       {"x: got an innermost stride of 5"},
       [](Fixture& f) {
         f.tensors.x = Tensor::zeros({B, I, T}, DType::f32).transpose({2, 0, 1});
       }},
      {"no mask", {"mask: got none", "as planned"}, [](Fixture& f) { f.tensors.mask.reset(); }},
      {"a mask not planned for", {"mask: got one", "none"}, [](Fixture& f) { f.spec.has_mask = false; }},
      {"mask in batch-major",
       {"mask: got bool(3, 5)", "bool(5, 3)"},
       [](Fixture& f) { f.tensors.mask = f.tensors.mask->swap_axes(0, 1); }},
      {"mask of numbers",
       {"mask: got f32(5, 3)", "bool(5, 3)"},
       [](Fixture& f) { f.tensors.mask = f.tensors.mask->to(DType::f32); }},
      {"no lengths", {"lengths: got none"}, [](Fixture& f) { f.tensors.lengths.reset(); }},
      {"lengths not planned for", {"lengths: got some", "none"}, [](Fixture& f) { f.spec.has_lengths = false; }},
      {"too few lengths",
       {"lengths: got i32(2,)", "i32(3,)"},
       [](Fixture& f) { f.tensors.lengths = f.tensors.lengths->slice(0, 0, 2); }},
      {"lengths of i64",
       {"lengths: got i64"},
       [](Fixture& f) { f.tensors.lengths = f.tensors.lengths->to(DType::i64); }},
      {"no resets", {"resets: got none", "as planned"}, [](Fixture& f) { f.spec.has_resets = true; }},
      {"resets not planned for", {"resets: got some", "none"}, [](Fixture& f) { f.tensors.resets = f.tensors.mask; }},
      {"resets in batch-major",
       {"resets: got bool(3, 5)", "bool(5, 3)"},
       [](Fixture& f) { plan_resets(f, f.tensors.mask->swap_axes(0, 1)); }},
      {"resets of numbers",
       {"resets: got f32(5, 3)", "bool(5, 3)"},
       [](Fixture& f) { plan_resets(f, f.tensors.mask->to(DType::f32)); }},
      {"a reset state without resets",
       {"reset_state: got some", "none, as no resets are planned"},
       [](Fixture& f) { f.tensors.reset_state = f.tensors.initial_state; }},
      {"one reset state of two",
       {"reset_state: got 1 tensors", "2"},
       [](Fixture& f) {
         plan_resets(f, *f.tensors.mask);
         f.tensors.reset_state = {f.tensors.initial_state[0]};
       }},
      {"a reset state of another width",
       {"reset_state[1]: got f32(3,)", "f32(4,)"},
       [](Fixture& f) {
         plan_resets(f, *f.tensors.mask);
         const Tensor one = f.tensors.initial_state[0].select(0, 0);
         f.tensors.reset_state = {one, one.slice(0, 0, 3)};
       }},
      {"one state of two",
       {"initial_state: got 1 tensors", "2"},
       [](Fixture& f) { f.tensors.initial_state.pop_back(); }},
      {"a state of another batch",
       {"initial_state[1]: got f32(2, 4)", "f32(3, 4)"},
       [](Fixture& f) { f.tensors.initial_state[1] = f.tensors.initial_state[1].slice(0, 0, 2); }},
      {"a final state too many",
       {"final_state: got 3 tensors"},
       [](Fixture& f) { f.tensors.final_state.push_back(f.tensors.final_state[0]); }},
      {"y of another width",
       {"y: got f32(5, 3, 3)", "f32(5, 3, 4)"},
       [](Fixture& f) { f.tensors.y = f.tensors.y->slice(2, 0, 3); }},
      {"last_output of another dtype",
       {"last_output: got f16"},
       [](Fixture& f) { f.tensors.last_output = f.tensors.last_output->to(DType::f16); }},
      {"kernel for another input",
       {"weight kernel: got f32(1, 16)", "f32(2, 16)"},
       [](Fixture& f) { f.weights.kernel = f.weights.kernel.slice(0, 0, 1); }},
      {"kernel of another rank",
       {"weight kernel: got f32(32,)", "rank 2"},
       [](Fixture& f) { f.weights.kernel = f.weights.kernel.reshape({-1}); }},
      {"no kernel", {"weight kernel: got an empty tensor"}, [](Fixture& f) { f.weights.kernel = {}; }},
      {"kernel of integers",
       {"weight kernel: got i32"},
       [](Fixture& f) { f.weights.kernel = f.weights.kernel.to(DType::i32); }},
      {"recurrent kernel of another width",
       {"weight recurrent_kernel: got f32(4, 12)", "f32(4, 16)"},
       [](Fixture& f) { f.weights.recurrent_kernel = f.weights.recurrent_kernel.slice(1, 0, 12); }},
      {"no bias", {"weight bias: got none", "use_bias is true"}, [](Fixture& f) { f.weights.bias.reset(); }},
      {"a bias too many",
       {"weight bias: got f32(16,)", "use_bias is false"},
       [](Fixture& f) { f.spec.cell.use_bias = false; }},
      {"bias of another dtype",
       {"weight bias: got f64(16,)", "f32(16,)"},
       [](Fixture& f) { f.weights.bias = f.weights.bias->to(DType::f64); }},
      {"no peepholes",
       {"weight peepholes: got none", "use_peepholes is true"},
       [](Fixture& f) { f.spec.cell.use_peepholes = true; }},
      {"peepholes too many",
       {"weight peepholes: got f32(3, 4)", "use_peepholes is false"},
       [](Fixture& f) {
         f.weights.peepholes = Tensor::zeros({3, H}, DType::f32);
       }},
      {"two peepholes of three",
       {"weight peepholes: got f32(2, 4)", "f32(3, 4)"},
       [](Fixture& f) {
         f.spec.cell.use_peepholes = true;
         f.weights.peepholes = Tensor::zeros({2, H}, DType::f32);
       }},
      {"no projection",
       {"weight projection: got none", "projection_units is 2"},
       [](Fixture& f) {
         f.spec.cell.projection_units = 2;
         f.weights.recurrent_kernel = f.weights.recurrent_kernel.slice(0, 0, 2);
       }},
      {"a projection too many",
       {"weight projection: got f32(4, 2)", "there are no projection_units"},
       [](Fixture& f) {
         f.weights.projection = Tensor::zeros({H, 2}, DType::f32);
       }},
      {"recurrent kernel of as many rows as units, and not as h has features",
       {"weight recurrent_kernel: got f32(4, 16)", "f32(2, 16)"},
       [](Fixture& f) {
         f.spec.cell.projection_units = 2;
         f.weights.projection = Tensor::zeros({H, 2}, DType::f32);
       }},
      {"projection of another shape",
       {"weight projection: got f32(2, 4)", "f32(4, 2)"},
       [](Fixture& f) {
         project(f);
         f.weights.projection = Tensor::zeros({2, H}, DType::f32);
       }},
      {"an h of as many features as units",
       {"initial_state[0]: got f32(3, 4)", "f32(3, 2)"},
       [](Fixture& f) { project(f); }},
      {"a y of as many features as units",
       {"y: got f32(5, 3, 4)", "f32(5, 3, 2)"},
       [](Fixture& f) {
         project(f);
         f.tensors.initial_state.clear();
         f.tensors.final_state.clear();
       }},
      {"weights of another dtype",
       {"weight kernel: got f64", "f32"},
       [](Fixture& f) {
         f.weights = {f.weights.kernel.to(DType::f64), f.weights.recurrent_kernel.to(DType::f64),
                      f.weights.bias->to(DType::f64)};
       }},
  };
  for (const BadInput& row : table) {
    SCOPED_TRACE(row.what);
    Fixture fixture;
    row.spoil(fixture);
    expect_words([&] { fixture.run(); }, row.words);
  }
}

TEST(Session, RefusesAStreamOfAnotherDevice) {
  const Fixture fixture;
  expect_words([&] { Session(Plan::create(fixture.spec), fixture.weights, Stream{cuda(1)}); },
               {"stream: got cuda:1", "cpu"});
}

}  // namespace
}  // namespace rondo
