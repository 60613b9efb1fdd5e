// Packed batches on a CUDA device: equal to padded ones on every executor, read from host or device, and checked there.

#include <gtest/gtest.h>

#include "cuda/runtime/runtime.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/packed_run.h"

namespace rondo::test {
namespace {

/// The plan of an executor that accepts the spec.
std::optional<Plan> plan_of(const RecurrenceSpec& spec, const std::string& executor) {
  try {
    return Plan::create(spec, {.executor = executor});
  } catch (const ValueError&) {
    return std::nullopt;
  }
}

/// Compares the packed run of each executor with its padded run. Returns how many executors ran.
int check(const RandomRecurrence& recurrence, const Packing& packing) {
  int ran = 0;
  for (const std::string& executor : executor_names(device_under_test())) {
    const std::optional<Plan> packed = plan_of(packed_spec(recurrence), executor);
    if (!packed) continue;
    SCOPED_TRACE(executor + ": " + to_string(packed->spec()));
    ++ran;
    RunResult expected = run_plan(Plan::create(recurrence.spec, {.executor = executor}), recurrence);
    clear_padding(expected, recurrence);
    expect_close(run_packed(*packed, recurrence, packing), expected, 1e-5 * scale_of(recurrence, expected));
  }
  return ran;
}

TEST(PackedParity, EveryExecutorEqualsItsPaddedRun) {
  int ran = 0;
  for (std::uint64_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    RandomRecurrence recurrence = seed % 3 == 0
                                      ? random_recurrence(random, {.units = 20, .B = 9, .T = 5, .plain_cell = true})
                                      : random_recurrence(random);
    if (recurrence.spec.B == 0) continue;
    recurrence.spec.has_mask = false;
    recurrence.mask.reset();
    recurrence.spec.has_lengths = true;
    if (recurrence.spec.rules.read == ReadOrder::reversed) {
      recurrence.spec.rules.read = ReadOrder::reversed_within_length;
    }
    recurrence.x = random.tensor(recurrence.x.shape(), 1.0);
    std::vector<std::int32_t> lengths;
    for (std::int64_t b = 0; b < recurrence.spec.B; ++b) {
      lengths.push_back(static_cast<std::int32_t>(random.integer(0, recurrence.spec.T)));
    }
    lengths[0] = static_cast<std::int32_t>(recurrence.spec.T);  // a packed batch has the steps of its longest row
    recurrence.lengths = Tensor::from(lengths, {recurrence.spec.B});
    recurrence.spec.device = device_under_test();
    const Packing packing{
        .by_index = random.coin(), .sizes_on_host = random.coin(), .sizes = random.coin() ? DType::i32 : DType::i64};
    ran += check(recurrence, packing);
  }
  EXPECT_GT(ran, 200);
}

/// More steps than threads, and more rows than a step of the scan.
TEST(PackedParity, LongAndWideBatches) {
  for (const auto& [T, B] : {std::pair<std::int64_t, std::int64_t>{301, 2}, {3, 300}}) {
    Random random(5);
    RandomRecurrence recurrence = random_recurrence(random, {.units = 4, .B = B, .T = T, .I = 3, .plain_cell = true});
    recurrence.spec.has_mask = recurrence.spec.has_resets = false;
    recurrence.mask.reset();
    recurrence.resets.reset();
    recurrence.reset_state.clear();
    recurrence.spec.has_lengths = true;
    recurrence.spec.rules.read = ReadOrder::forward;
    recurrence.x = random.tensor({T, B, 3}, 1.0);
    std::vector<std::int32_t> lengths(static_cast<std::size_t>(B), static_cast<std::int32_t>(T));
    for (std::size_t b = 1; b < lengths.size(); ++b) lengths[b] = static_cast<std::int32_t>(random.integer(1, T));
    recurrence.lengths = Tensor::from(lengths, {B});
    recurrence.spec.device = device_under_test();
    EXPECT_GT(check(recurrence, {.sizes_on_host = false}), 0);
  }
}

/// A GRU over a packed batch on the device.
struct Fixture {
  static constexpr std::int64_t T = 3;
  static constexpr std::int64_t B = 3;
  static constexpr std::int64_t H = 4;
  static constexpr std::int64_t N = 6;

  Device device = device_under_test();
  RecurrenceSpec spec{.cell = {.kind = CellKind::gru, .units = H, .use_bias = false},
                      .T = T,
                      .B = B,
                      .I = 2,
                      .device = device,
                      .packed = true};
  RecurrentWeights weights{Tensor::full({2, 3 * H}, 0.2, DType::f32, device),
                           Tensor::full({H, 3 * H}, 0.1, DType::f32, device)};
  SessionTensors tensors{.x = Tensor::full({N, 2}, 1.0, DType::f32, device),
                         .y = Tensor::zeros({N, H}, DType::f32, device),
                         .final_state = {Tensor::empty({B, H}, DType::f32, device)},
                         .batch_sizes = sizes({3, 2, 1})};

  Tensor sizes(const std::vector<std::int32_t>& numbers) const { return Tensor::from(numbers, {T}, device); }
};

/// No run reads or writes beyond x and y, whatever the sizes are.
TEST(PackedParity, TheDeviceClampsWhatDoesNotFitAndTells) {
  const Fixture fixture;
  for (const auto& wrong :
       {std::vector<std::int32_t>{3, 4, 1}, {5, 1, 1}, {3, -1, 1}, {3, 3, 3}, {1 << 30, 1 << 30, 1 << 30}}) {
    SessionTensors tensors = fixture.tensors;
    Session session(Plan::create(fixture.spec), fixture.weights);
    session.run(tensors);
    EXPECT_FALSE(session.finish().packed_out_of_range);
    tensors.batch_sizes = fixture.sizes(wrong);
    session.run(tensors);
    EXPECT_TRUE(session.finish().packed_out_of_range);
    EXPECT_FALSE(session.finish().packed_out_of_range) << "told once";
  }
  SessionTensors tensors = fixture.tensors;
  // Clamped, the indices are still different: rows of one index would race to write one state.
  tensors.row_indices = Tensor::from<std::int32_t>({1, 7, -1}, {Fixture::B}, fixture.device);
  Session session(Plan::create(fixture.spec), fixture.weights);
  session.run(tensors);
  EXPECT_TRUE(session.finish().packed_out_of_range);
}

/// A recorded graph reads the sizes when it is replayed.
TEST(PackedParity, AGraphServesChangingSizes) {
  const Fixture fixture;
  const cuda_runtime::OwnedStream stream(fixture.device);
  synchronize(Stream{fixture.device});
  const StreamScope scope(stream.get());
  Session session(Plan::create(fixture.spec), fixture.weights, stream.get());
  const SessionTensors& tensors = fixture.tensors;
  const auto graph = cuda_runtime::Graph::record(stream.get(), [&] { session.run(tensors); });
  for (const auto& sizes : {std::vector<std::int32_t>{3, 2, 1}, {2, 2, 2}, {3, 3, 0}}) {
    tensors.batch_sizes->copy_from(fixture.sizes(sizes));
    tensors.y->fill(0.0);
    graph.replay(stream.get());
    const Tensor replayed = tensors.y->to(cpu()).clone();
    Session direct(Plan::create(fixture.spec), fixture.weights, stream.get());
    SessionTensors again = tensors;
    again.y = Tensor::zeros({Fixture::N, Fixture::H}, DType::f32, fixture.device);
    direct.run(again);
    EXPECT_TRUE(identical(replayed, again.y->to(cpu())));
  }
}

TEST(PackedParity, SizesOnTheHostCannotBeRecorded) {
  const Fixture fixture;
  const cuda_runtime::OwnedStream stream(fixture.device);
  Session session(Plan::create(fixture.spec), fixture.weights, stream.get());
  SessionTensors tensors = fixture.tensors;
  tensors.batch_sizes = tensors.batch_sizes->to(cpu());
  (void)cuda_runtime::Graph::record(stream.get(), [&] {
    expect_words<ValueError>([&] { session.run(tensors); },
                             {"batch_sizes: got a tensor on cpu while the stream is recorded"});
  });
}

}  // namespace
}  // namespace rondo::test
