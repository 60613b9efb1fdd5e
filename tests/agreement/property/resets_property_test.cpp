// A row with resets gives the bits of its pieces, each run alone: for every executor of the CPU, over random
// recurrences.

#include <gtest/gtest.h>

#include <limits>

#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/conformance.h"
#include "support/random_recurrence.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

/// Input steps [begin, end) of a row.
struct Piece {
  std::int64_t begin;
  std::int64_t end;
  bool replaced;  ///< whether the piece begins with the reset state
};

std::int64_t length_of(const RandomRecurrence& recurrence, std::int64_t b) {
  return recurrence.lengths ? static_cast<std::int64_t>(recurrence.lengths->select(0, b).item()) : recurrence.spec.T;
}

/// The pieces of a row in the order in which they are processed. Steps at its length or later belong to no piece.
std::vector<Piece> pieces_of(const RandomRecurrence& recurrence, std::int64_t b) {
  const bool forward = recurrence.spec.rules.reads_forward();
  std::vector<Piece> pieces;
  std::int64_t begin = 0;
  const std::int64_t length = length_of(recurrence, b);
  for (std::int64_t t = 0; t < length; ++t) {
    if (recurrence.resets->select(0, t).select(0, b).item() == 0.0) continue;
    if (t > begin || (t == 0 && forward)) pieces.push_back({begin, t, false});
    begin = t;
  }
  pieces.push_back({begin, length, false});
  if (!forward) std::reverse(pieces.begin(), pieces.end());
  for (std::size_t k = 1; k < pieces.size(); ++k) pieces[k].replaced = true;
  return pieces;
}

/// Row b alone, from `begin` to `end`, with the initial state that its piece begins with.
RandomRecurrence alone(const RandomRecurrence& recurrence, std::int64_t b, const Piece& piece) {
  const auto row = [&](const Tensor& sequence) { return sequence.slice(0, piece.begin, piece.end).slice(1, b, b + 1); };
  RandomRecurrence one = recurrence;
  one.spec.T = piece.end - piece.begin;
  one.spec.B = 1;
  one.spec.has_resets = one.spec.has_lengths = false;
  one.resets.reset();
  one.lengths.reset();
  one.reset_state.clear();
  one.initial_state.clear();
  one.x = row(recurrence.x);
  if (one.mask) one.mask = row(*recurrence.mask);
  for (const Tensor& state : piece.replaced ? recurrence.reset_state : recurrence.initial_state) {
    one.initial_state.push_back(state.rank() == 1 ? state.insert_axis(0) : state.slice(0, b, b + 1));
  }
  return one;
}

/// What the run's row b has in common with its pieces: all bits, if plans of one row have the same kernels.
void expect_pieces(const ConformanceCase& which, const RandomRecurrence& recurrence, const RunResult& whole,
                   std::int64_t b) {
  const double bound = which.tolerance * scale_of(recurrence, whole);
  const auto same = [&](const Tensor& actual, const Tensor& expected) {
    return which.depends_on_rows() ? within(actual, expected, bound) : identical(actual, expected);
  };
  RunResult last;
  for (const Piece& piece : pieces_of(recurrence, b)) {
    RandomRecurrence one = alone(recurrence, b, piece);
    if (one.spec.rules.read == ReadOrder::reversed_within_length) one.spec.rules.read = ReadOrder::reversed;
    const RunResult result = run_on(which.executor, one, which.dtype);
    EXPECT_TRUE(same(whole.y.slice(0, piece.begin, piece.end).slice(1, b, b + 1).clone(), result.y))
        << "row " << b << ", steps " << piece.begin << " to " << piece.end;
    last = result;
  }
  for (std::size_t k = 0; k < last.final_state.size(); ++k) {
    EXPECT_TRUE(same(whole.final_state[k].slice(0, b, b + 1).clone(), last.final_state[k])) << "row " << b;
  }
}

TEST_P(Conformance, ARowWithResetsEqualsItsPiecesRunAlone) {
  const ConformanceCase& which = GetParam();
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random);
    recurrence.spec.rules.write = WriteOrder::input;  // so that a piece's outputs lie beside each other
    draw_resets(random, recurrence);
    recurrence.spec = asked_spec(which, recurrence.spec);
    if (!accepts(which.executor, recurrence.spec)) return;
    SCOPED_TRACE(to_string(recurrence.spec));
    recurrence = for_products(which, recurrence);
    const RunResult whole = run_on(which.executor, recurrence, which.dtype);
    for (std::int64_t b = 0; b < recurrence.spec.B; ++b) expect_pieces(which, recurrence, whole, b);
  });
}

/// What a reset discards, NaN too, reaches no later piece.
TEST_P(Conformance, ResetsDiscardNan) {
  const ConformanceCase& which = GetParam();
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random);
    // A mark at a row's length or later means nothing.
    if (recurrence.spec.T < 2 || recurrence.spec.B == 0 || recurrence.lengths) return;
    draw_resets(random, recurrence);
    const std::int64_t middle = recurrence.spec.T / 2;
    recurrence.resets->select(0, middle).fill(1.0);
    recurrence.spec.rules.write = WriteOrder::input;
    recurrence.spec.rules.read = random.pick({ReadOrder::forward, ReadOrder::reversed});
    recurrence.spec = asked_spec(which, recurrence.spec);
    if (!accepts(which.executor, recurrence.spec)) return;
    SCOPED_TRACE(to_string(recurrence.spec));
    const bool forward = recurrence.spec.rules.reads_forward();
    const auto kept = [&](const Tensor& sequence) {
      return forward ? sequence.slice(0, middle, recurrence.spec.T) : sequence.slice(0, 0, middle);
    };
    const RunResult before = run_on(which.executor, recurrence, which.dtype);
    const Tensor discarded =
        forward ? recurrence.x.slice(0, 0, middle) : recurrence.x.slice(0, middle, recurrence.spec.T);
    discarded.fill(std::numeric_limits<double>::quiet_NaN());
    for (const Tensor& state : recurrence.initial_state) state.fill(std::numeric_limits<double>::quiet_NaN());
    const RunResult after = run_on(which.executor, recurrence, which.dtype);
    EXPECT_TRUE(identical(kept(after.y).clone(), kept(before.y).clone()));
    for (std::size_t k = 0; k < after.final_state.size(); ++k) {
      EXPECT_TRUE(identical(after.final_state[k], before.final_state[k]));
    }
  });
}

RONDO_INSTANTIATE_CONFORMANCE();

}  // namespace
}  // namespace rondo::test
