// What a packed batch must be, and the packed runs of networks.

#include <gtest/gtest.h>

#include <functional>

#include "rondo/ops/ops.h"
#include "rondo/plan/network.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 3;
constexpr std::int64_t B = 4;
constexpr std::int64_t I = 2;
constexpr std::int64_t H = 5;
constexpr std::int64_t N = 7;

/// Rows of 3, 2 and 2 steps, and one without steps.
struct Fixture {
  Random random{3};
  RecurrenceSpec spec{.cell = {.kind = CellKind::simple_rnn, .units = H}, .T = T, .B = B, .I = I, .packed = true};
  RecurrentWeights weights{random.tensor({I, H}, 1.0), random.tensor({H, H}, 0.3), random.tensor({H}, 0.5)};
  SessionTensors tensors{.x = random.tensor({N, I}, 1.0),
                         .y = Tensor::empty({N, H}, DType::f32),
                         .batch_sizes = Tensor::from<std::int64_t>({3, 3, 1}, {T})};

  void run() const { Session(Plan::create(spec), weights).run(tensors); }
};

struct BadInput {
  const char* name;
  std::vector<std::string> words;
  std::function<void(Fixture&)> spoil;
};

Tensor integers(const std::vector<std::int64_t>& numbers) { return Tensor::from(numbers, {std::ssize(numbers)}); }

TEST(Packed, NamesWhatDoesNotFit) {
  const BadInput table[] = {
      {"a mask", {"has_mask: got true", "as the batch is packed"}, [](Fixture& f) { f.spec.has_mask = true; }},
      {"lengths", {"has_lengths: got true", "batch_sizes"}, [](Fixture& f) { f.spec.has_lengths = true; }},
      {"reversed whole",
       {"rules.read: got reversed", "reversed_within_length"},
       [](Fixture& f) { f.spec.rules.read = ReadOrder::reversed; }},
      {"no sizes", {"batch_sizes: got none", "as planned"}, [](Fixture& f) { f.tensors.batch_sizes.reset(); }},
      {"sizes of another dtype",
       {"batch_sizes: got f32(3,)", "i32 or i64 of shape (3,)"},
       [](Fixture& f) { f.tensors.batch_sizes = f.tensors.batch_sizes->to(DType::f32); }},
      {"sizes of another number of steps",
       {"batch_sizes: got i64(2,)", "(3,)"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({4, 3});
       }},
      {"sizes that grow",
       {"batch_sizes[1]: got 4", "1 to 3"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({3, 4, 0});
       }},
      {"a size of zero",
       {"batch_sizes[2]: got 0"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({4, 3, 0});
       }},
      {"more rows than the batch",
       {"batch_sizes[0]: got 5", "1 to 4, the batch"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({5, 1, 1});
       }},
      {"sizes that do not sum up",
       {"batch_sizes: got a sum of 6", "7, the rows of x"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({3, 2, 1});
       }},
      {"a padded x",
       {"x: got f32(3, 4, 2)", "f32(12, 2)"},
       [](Fixture& f) {
         f.tensors.x = Tensor::zeros({T, B, I}, DType::f32);
       }},
      {"a padded y",
       {"y: got f32(3, 4, 5)", "f32(7, 5)"},
       [](Fixture& f) {
         f.tensors.y = Tensor::zeros({T, B, H}, DType::f32);
       }},
      {"padded resets",
       {"resets: got bool(3, 4)", "bool(7,)"},
       [](Fixture& f) {
         f.spec.has_resets = true;
         f.tensors.resets = Tensor::zeros({T, B}, DType::boolean);
       }},
      {"an index out of range",
       {"row_indices[2]: got 4", "0 to 3"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({0, 1, 4, 2});
       }},
      {"an index twice",
       {"row_indices[3]: got 1 again", "each row once"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({0, 1, 2, 1});
       }},
      {"too few indices",
       {"row_indices: got i64(3,)", "(4,)"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({0, 1, 2});
       }},
      {"sizes for a padded run",
       {"batch_sizes: got some", "none, as planned"},
       [](Fixture& f) {
         f.spec.packed = false;
         f.tensors.x = Tensor::zeros({T, B, I}, DType::f32);
         f.tensors.y.reset();
       }},
  };
  Fixture().run();
  for (const BadInput& bad : table) {
    SCOPED_TRACE(bad.name);
    Fixture fixture;
    bad.spoil(fixture);
    expect_words<ValueError>([&] { fixture.run(); }, bad.words);
  }
}

/// Two layers, the lower one in both directions, packed and padded.
TEST(Packed, ANetworkEqualsThePaddedOne) {
  Fixture fixture;
  const auto spec_of = [&](bool packed, std::int64_t width, ReadOrder read) {
    RecurrenceSpec spec = fixture.spec;
    spec.packed = packed;
    spec.has_lengths = !packed;
    spec.I = width;
    spec.rules = {.read = read, .write = WriteOrder::input, .dead = DeadOutput::zeros};
    return spec;
  };
  const auto weights_of = [&](std::int64_t width) -> RecurrentWeights {
    return {fixture.random.tensor({width, H}, 1.0), fixture.random.tensor({H, H}, 0.3),
            fixture.random.tensor({H}, 0.5)};
  };
  const std::vector<NetworkWeights> weights{{.forward = weights_of(I), .backward = weights_of(I)},
                                            {.forward = weights_of(2 * H)}};
  const auto session_of = [&](bool packed) {
    return NetworkSession(NetworkPlan::create({{{.forward = spec_of(packed, I, ReadOrder::forward),
                                                 .backward = spec_of(packed, I, ReadOrder::reversed_within_length)},
                                                {.forward = spec_of(packed, 2 * H, ReadOrder::forward)}}}),
                          weights);
  };
  const Tensor padded = Tensor::zeros({T, B, I}, DType::f32);
  const Tensor y = Tensor::empty({T, B, H}, DType::f32);
  for (std::int64_t n = 0; n < N; ++n) {
    padded.select(0, n / 3).select(0, n % 3).copy_from(fixture.tensors.x.select(0, n));  // 3, 3 and 1 rows
  }
  session_of(false).run({.x = padded, .lengths = Tensor::from<std::int32_t>({3, 2, 2, 0}, {B}), .y = y});
  NetworkSession packed = session_of(true);
  packed.run({.x = fixture.tensors.x, .y = fixture.tensors.y, .batch_sizes = fixture.tensors.batch_sizes});
  const Tensor expected =
      concat({y.select(0, 0).slice(0, 0, 3), y.select(0, 1).slice(0, 0, 3), y.select(0, 2).slice(0, 0, 1)}, 0);
  EXPECT_TRUE(identical(*fixture.tensors.y, expected));
}

}  // namespace
}  // namespace rondo::test
