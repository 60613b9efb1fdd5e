// Gradients of packed batches on a CUDA device, equal to those of the padded batches.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/executors.h"
#include "support/gradient_run.h"
#include "support/packed_run.h"

namespace rondo::test {
namespace {

/// A packed batch whose rows are sorted already, and the padded one that it is.
struct PackedGradients {
  explicit PackedGradients(const RandomRecurrence& given) : padded(given) {
    for (std::int64_t t = 0; t < padded.spec.T; ++t) {
      sizes.push_back(std::ranges::count_if(lengths(), [t](std::int64_t length) { return length > t; }));
    }
  }

  std::vector<std::int64_t> lengths() const { return padded.lengths->to(DType::i64).to_vector<std::int64_t>(); }
  std::int64_t rows() const { return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}); }

  RecurrenceSpec spec() const {
    RecurrenceSpec packed = padded.spec;
    packed.has_lengths = false;
    packed.packed = true;
    return packed;
  }

  /// (T, B, ...) as (N, ...), with `spare` rows of `rest` after them.
  Tensor pack(const Tensor& sequence, std::int64_t spare, double rest) const {
    Shape shape = sequence.shape().erase(0);
    shape[0] = rows() + spare;
    const Tensor result = Tensor::full(shape, rest, sequence.dtype());
    std::int64_t row = 0;
    for (std::size_t t = 0; t < sizes.size(); row += sizes[t++]) {
      const Tensor step = sequence.select(0, static_cast<std::int64_t>(t)).slice(0, 0, sizes[t]);
      result.slice(0, row, row + sizes[t]).copy_from(step);
    }
    return result;
  }

  /// The sequence with zeros where the packed batch has no rows.
  Tensor without_padding(const Tensor& sequence) const {
    for (std::size_t t = 0; t < sizes.size(); ++t) {
      sequence.select(0, static_cast<std::int64_t>(t)).slice(0, sizes[t], padded.spec.B).fill(0.0);
    }
    return sequence;
  }

  RandomRecurrence padded;
  std::vector<std::int64_t> sizes;
};

RandomRecurrence recurrence_to_pack(Random& random) {
  RandomRecurrence recurrence = random_recurrence(random, {.B = random.integer(1, 6), .T = random.integer(1, 7)});
  RecurrenceSpec& spec = recurrence.spec;
  spec.has_mask = false;
  recurrence.mask.reset();
  spec.has_lengths = true;
  if (spec.rules.read == ReadOrder::reversed) spec.rules.read = ReadOrder::reversed_within_length;
  recurrence.x = random.tensor({spec.T, spec.B, spec.I}, 1.0);
  recurrence.lengths = Tensor::empty({spec.B}, DType::i32);
  std::int64_t length = spec.T;  // a packed batch has the steps of its longest row
  for (std::int64_t b = 0; b < spec.B; ++b) {
    recurrence.lengths->data<std::int32_t>()[b] = static_cast<std::int32_t>(length);
    length = random.integer(0, length);
  }
  spec.device = device_under_test();
  spec = random_keep(random, spec);
  return recurrence;
}

/// Whether gradients in f32 are equal but for the order of sums.
::testing::AssertionResult near(const Tensor& actual, const Tensor& expected) {
  return within(actual.to(cpu()), expected, 1e-5 * std::max(1.0, largest_magnitude(expected)));
}

Plan stepwise_plan(const RecurrenceSpec& spec) {
  return Plan::create(spec, {.executor = "cuda_stepwise", .backward_executor = "cuda_stepwise"});
}

/// A plan with the gradients by any executor that accepts them.
Plan any_plan(const RecurrenceSpec& spec, Random& random) {
  std::vector<Plan> plans;
  for (const char* backward : {"cuda_stepwise", "cuda_block", "cuda_cluster", "cuda_grid"}) {
    const PlanOptions options{.executor = "cuda_stepwise", .backward_executor = backward};
    if (accepts("cuda_stepwise", spec, options)) plans.push_back(Plan::create(spec, options));
  }
  return plans[static_cast<std::size_t>(random.integer(0, std::ssize(plans) - 1))];
}

/// The gradients of padded rows are zeros.
Upstream without_padding(Upstream upstream, const RandomRecurrence& recurrence) {
  if (!upstream.y) return upstream;
  RunResult y{*upstream.y, {}, {}};
  clear_padding(y, recurrence);
  return upstream;
}

TEST(PackedGradientParity, OfRowsInAnyOrderEqualThoseOfThePaddedBatch) {
  for (std::uint64_t seed = 0; seed < 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    RandomRecurrence recurrence = recurrence_to_pack(random);
    recurrence.lengths = recurrence.lengths->slice(0, recurrence.spec.B - 1, -1, -1).contiguous();
    SCOPED_TRACE(to_string(recurrence.spec));
    const Upstream upstream = without_padding(random_upstream(random, recurrence), recurrence);
    const Gradients expected = gradients_of(stepwise_plan(recurrence.spec), recurrence, upstream);
    const Packing packing{.by_index = random.coin(), .sizes_on_host = random.coin()};
    const Gradients actual = packed_gradients(any_plan(packed_spec(recurrence), random), recurrence, upstream, packing);
    EXPECT_TRUE(near(actual.x, expected.x));
    for (std::size_t k = 0; k < actual.initial_state.size(); ++k) {
      EXPECT_TRUE(near(actual.initial_state[k], expected.initial_state[k]));
    }
    for (std::size_t k = 0; k < actual.reset_state.size(); ++k) {
      EXPECT_TRUE(near(actual.reset_state[k], expected.reset_state[k]));
    }
    EXPECT_TRUE(near(*actual.weights.kernel, *expected.weights.kernel));
    EXPECT_TRUE(near(*actual.weights.recurrent_kernel, *expected.weights.recurrent_kernel));
  }
}

/// Sizes that the device reads leave rows of x which no step has: they may hold NaN, and have gradients of zeros.
TEST(PackedGradientParity, OfSpareRowsAreZeros) {
  for (std::uint64_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PackedGradients batch(recurrence_to_pack(random));
    const RecurrenceSpec spec = batch.spec();
    SCOPED_TRACE(to_string(spec));
    Upstream upstream = random_upstream(random, batch.padded);
    upstream.y = batch.without_padding(random.tensor({spec.T, spec.B, output_units(spec.cell)}, 1.0));
    const Gradients expected = gradients_of(stepwise_plan(batch.padded.spec), batch.padded, upstream);

    const Plan plan = any_plan(spec, random);
    const bool on_device = random.coin();
    const std::int64_t spare = on_device ? std::min<std::int64_t>(2, spec.T * spec.B - batch.rows()) : 0;
    const auto moved = [&](const Tensor& tensor) { return tensor.to(spec.device); };
    RandomRecurrence packed = batch.padded;
    packed.lengths.reset();
    packed.x = batch.pack(batch.padded.x, spare, std::numeric_limits<double>::quiet_NaN());
    if (packed.resets) packed.resets = batch.pack(*batch.padded.resets, spare, 1.0);
    SessionTensors run = run_tensors(plan, packed);
    run.y.reset();
    run.batch_sizes = Tensor::from(batch.sizes, {spec.T}).to(on_device ? spec.device : cpu());
    Session session(plan, packed.weights.map(moved));
    session.run(run);
    SessionGradients gradients = unwritten_gradients(plan, packed, upstream);
    gradients.y = moved(batch.pack(*upstream.y, spare, std::numeric_limits<double>::quiet_NaN()));
    gradients.x = Tensor::full({batch.rows() + spare, spec.I}, 3.0, spec.dtype, spec.device);
    session.backward(run, gradients);

    EXPECT_TRUE(near(*gradients.x, batch.pack(expected.x, spare, 0.0)));
    EXPECT_TRUE(near(*gradients.weights.kernel, *expected.weights.kernel));
    EXPECT_TRUE(near(*gradients.weights.recurrent_kernel, *expected.weights.recurrent_kernel));
    if (expected.weights.bias) {
      EXPECT_TRUE(near(*gradients.weights.bias, *expected.weights.bias));
    }
    if (expected.weights.projection) {
      EXPECT_TRUE(near(*gradients.weights.projection, *expected.weights.projection));
    }
    for (std::size_t k = 0; k < expected.initial_state.size(); ++k) {
      EXPECT_TRUE(near(gradients.initial_state[k], expected.initial_state[k]));
    }
    for (std::size_t k = 0; k < expected.reset_state.size(); ++k) {
      EXPECT_TRUE(near(gradients.reset_state[k], expected.reset_state[k]));
    }
  }
}

}  // namespace
}  // namespace rondo::test
