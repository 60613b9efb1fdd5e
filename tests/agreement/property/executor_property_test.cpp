// Every executor, and the step loop with a handwritten step function, against the reference in double precision, over
// random recurrences.

#include <gtest/gtest.h>

#include "layers/loop/step_loop.h"
#include "rondo/keras/rnn.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/conformance.h"
#include "support/formula_steps.h"
#include "support/gradient_run.h"
#include "support/random_recurrence.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

constexpr double kTolerance = 1e-5;  // f32, relative to the largest value

// Calls `check` with each of the run's random recurrences, which `draw` makes.
template <typename Check, typename Draw = RandomRecurrence (*)(Random&)>
void for_each_recurrence(
    Check&& check, Draw draw = [](Random& random) { return random_recurrence(random); }) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomRecurrence recurrence = draw(random);
    SCOPED_TRACE(to_string(recurrence.spec));
    check(recurrence);
  });
}

// A recurrence for an executor whose products round what they multiply: such errors are a matter of averages, which a
// few units do not have, and some activations make them larger from step to step.
RandomRecurrence averaged_recurrence(Random& random) {
  return without_kinks(random_recurrence(random, {.units = random.integer(8, 24), .B = random.integer(2, 6)}));
}

// Calls `check` with each recurrence that `prepare` has made fit and that the case's executor accepts, on the case's
// device and rounded to its dtype. An executor that declines all of many recurrences fails the test.
template <typename Prepare, typename Check>
void for_each_accepted(const ConformanceCase& which, Prepare&& prepare, Check&& check) {
  constexpr int kMany = 100;
  int asked = 0;
  int accepted = 0;
  const auto take = [&](RandomRecurrence recurrence) {
    if (!prepare(recurrence)) return;
    ++asked;
    recurrence.spec = asked_spec(which, recurrence.spec);
    if (!accepts(which.executor, recurrence.spec)) return;
    ++accepted;
    check(for_products(which, recurrence));
  };
  if (which.math == MatrixMath::strict) {
    for_each_recurrence(take);
  } else {
    for_each_recurrence(take, averaged_recurrence);
  }
  EXPECT_TRUE(accepted > 0 || asked < kMany) << "the executor has accepted none of " << asked << " recurrences";
}

RunResult run_case(const ConformanceCase& which, const RandomRecurrence& recurrence) {
  return run_on(which.executor, recurrence, which.dtype);
}

RunResult run_reference(RandomRecurrence recurrence) {
  recurrence.spec.device = cpu();
  return run_on("reference", recurrence, DType::f64);
}

TEST_P(Conformance, EqualsTheReferenceInDouble) {
  const ConformanceCase& which = GetParam();
  const auto any = [](const RandomRecurrence&) { return true; };
  for_each_accepted(which, any, [&](const RandomRecurrence& recurrence) {
    const RunResult expected = run_reference(recurrence);
    expect_close(run_case(which, recurrence), expected, which.tolerance * scale_of(recurrence, expected));
  });
}

// Whether keras.backend.rnn has these settings of Schedule.
bool is_keras(const RecurrenceSpec& spec) {
  return spec.rules.read != ReadOrder::reversed_within_length && spec.rules.write == WriteOrder::processing &&
         spec.rules.dead != DeadOutput::incoming_state;
}

States initial_states(const RandomRecurrence& recurrence, DType dtype) {
  const RecurrenceSpec& spec = recurrence.spec;
  States states;
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    const auto index = static_cast<std::size_t>(k);
    states.emplace_back(recurrence.initial_state.empty() ? Tensor::zeros({spec.B, state_units(spec.cell, k)}, dtype)
                                                         : recurrence.initial_state[index].to(dtype));
  }
  return states;
}

StepFunction step_of(const RandomRecurrence& recurrence, DType dtype) {
  return formula_step(recurrence.spec.cell,
                      recurrence.weights.map([&](const Tensor& weight) { return weight.to(dtype); }));
}

RunResult run_result(const RnnResult& result) {
  RunResult run{result.outputs.leaf(), result.last_output.leaf(), {}};
  for (const Nest& state : result.new_states) run.final_state.push_back(state.leaf());
  return run;
}

RunResult run_rnn(const RandomRecurrence& recurrence, DType dtype) {
  const RecurrenceSpec& spec = recurrence.spec;
  RnnOptions options{.go_backwards = spec.rules.read == ReadOrder::reversed,
                     .time_major = true,
                     .zero_output_for_mask = spec.rules.dead == DeadOutput::zeros};
  if (spec.has_mask) {
    options.mask = recurrence.live;
  } else if (spec.has_lengths) {
    options.input_length = *recurrence.lengths;
  }
  options.resets = recurrence.resets;
  // As a mask, lengths do not make marks beyond them meaningless.
  if (options.resets && spec.has_mask && spec.has_lengths) {
    const Tensor within = sequence_mask(*recurrence.lengths, spec.T).swap_axes(0, 1);
    options.resets = where(within, *options.resets, zeros_like(*options.resets));
  }
  for (const Tensor& state : recurrence.reset_state) options.reset_state.emplace_back(state.to(dtype));
  return run_result(
      rnn(step_of(recurrence, dtype), Nest(recurrence.x.to(dtype)), initial_states(recurrence, dtype), options));
}

// The loop behind rnn() and the other APIs, under the rules of the recurrence.
RunResult run_step_loop(const RandomRecurrence& recurrence, DType dtype) {
  LoopOptions options{.rules = recurrence.spec.rules,
                      .mask = recurrence.mask.value_or(Tensor()),
                      .lengths = recurrence.lengths.value_or(Tensor()),
                      .resets = recurrence.resets.value_or(Tensor())};
  for (const Tensor& state : recurrence.reset_state) options.reset_state.emplace_back(state.to(dtype));
  return run_result(run_loop(step_of(recurrence, dtype), check_inputs(recurrence.x.to(dtype), true),
                             initial_states(recurrence, dtype), options));
}

TEST(ExecutorProperty, TheStepLoopCarriesOutEverySettingOfSchedule) {
  for_each_recurrence([](const RandomRecurrence& recurrence) {
    const RunResult expected = run_on("reference", recurrence, DType::f64);
    expect_close(run_step_loop(recurrence, DType::f64), expected, 1e-12 * scale_of(recurrence, expected));
  });
}

TEST(ExecutorProperty, TheStepLoopEqualsTheReference) {
  for_each_recurrence([](RandomRecurrence recurrence) {
    // Settings that Keras lacks are replaced by settings of Keras.
    if (!is_keras(recurrence.spec)) {
      recurrence.spec.rules.write = WriteOrder::processing;
      if (recurrence.spec.rules.read == ReadOrder::reversed_within_length)
        recurrence.spec.rules.read = ReadOrder::reversed;
      if (recurrence.spec.rules.dead == DeadOutput::incoming_state) {
        recurrence.spec.rules.dead = DeadOutput::previous_output;
      }
    }
    const RunResult expected = run_on("reference", recurrence, DType::f64);
    const double scale = scale_of(recurrence, expected);
    expect_close(run_rnn(recurrence, DType::f64), expected, 1e-12 * scale);
    expect_close(run_rnn(recurrence, DType::f32), expected, kTolerance * scale);
  });
}

// The first length(b) steps of each row of (T, B, ...) in reverse, the rest in place: tf.reverse_sequence, by copying.
Tensor reversed_rows(const Tensor& sequence, const Tensor& lengths) {
  const Tensor result = sequence.clone();
  for (std::int64_t b = 0; b < sequence.size(1); ++b) {
    const auto length = static_cast<std::int64_t>(lengths.select(0, b).item());
    for (std::int64_t t = 0; t < length; ++t) {
      result.select(1, b).select(0, t).copy_from(sequence.select(1, b).select(0, length - 1 - t));
    }
  }
  return result;
}

// Gives a recurrence the settings of the backward half of bidirectional_dynamic_rnn. Returns false for one without
// lengths.
bool reverse_within_lengths(RandomRecurrence& recurrence) {
  if (!recurrence.lengths) return false;
  recurrence.mask.reset();
  recurrence.spec.has_mask = false;
  recurrence.resets.reset();
  recurrence.reset_state.clear();
  recurrence.spec.has_resets = false;
  recurrence.spec.rules.write = WriteOrder::input;
  recurrence.spec.rules.dead = DeadOutput::zeros;
  recurrence.spec.rules.read = ReadOrder::reversed_within_length;
  // Positions that only the mask kept away may hold NaN.
  recurrence.x = where(recurrence.live.insert_axis(2), recurrence.x, zeros_like(recurrence.x));
  return true;
}

// All executors read through one Schedule, so that agreeing with each other says nothing of its reversal within
// lengths.
TEST_P(Conformance, ReversingWithinLengthsEqualsReversingTheRowsByHand) {
  const ConformanceCase& which = GetParam();
  for_each_accepted(which, reverse_within_lengths, [&](const RandomRecurrence& recurrence) {
    RandomRecurrence by_hand = recurrence;
    by_hand.spec.rules.read = ReadOrder::forward;
    by_hand.x = reversed_rows(recurrence.x, *recurrence.lengths);
    RunResult expected = run_reference(by_hand);
    expected.y = reversed_rows(expected.y, *recurrence.lengths);
    expect_close(run_case(which, recurrence), expected, which.tolerance * scale_of(recurrence, expected));
  });
}

TEST_P(Conformance, ARowDoesNotDependOnItsBatchMates) {
  const ConformanceCase& which = GetParam();
  const auto has_mates = [](const RandomRecurrence& drawn) { return drawn.spec.B >= 2 && drawn.spec.T > 0; };
  for_each_accepted(which, has_mates, [&](const RandomRecurrence& recurrence) {
    const RunResult before = run_case(which, recurrence);
    EXPECT_TRUE(identical(run_case(which, recurrence).y, before.y)) << "the run is not repeatable";
    // In place: another layout of x may be another order of sums.
    recurrence.x.slice(1, 1, recurrence.spec.B).fill(3.0);
    EXPECT_TRUE(identical(run_case(which, recurrence).y.select(1, 0), before.y.select(1, 0)));
  });
}

RONDO_INSTANTIATE_CONFORMANCE();

}  // namespace
}  // namespace rondo::test
