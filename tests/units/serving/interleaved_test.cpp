#include <gtest/gtest.h>

#include "interleaved_streams.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

enum class Cells : std::uint8_t {
  usual,     ///< an LSTM, a GRU and a SimpleRNN
  unusual,   ///< an MGU, a GRU that resets before its product, and other activations
  variants,  ///< LSTMs with peepholes, clips and projections
};

struct InterleavedCase {
  const char* name;
  const char* executor;
  DType dtype;
  int threads;
  Cells cells = Cells::usual;
};

std::vector<CellSpec> draw_cells(Random& random, Cells cells, std::int64_t H) {
  const auto of_kind = [H](CellKind kind) { return CellSpec{.kind = kind, .units = H}; };
  std::vector<CellSpec> drawn = {of_kind(CellKind::lstm), of_kind(CellKind::gru), of_kind(CellKind::simple_rnn)};
  if (cells == Cells::unusual) {
    drawn = {of_kind(CellKind::mgu), of_kind(CellKind::gru), of_kind(CellKind::lstm)};
    drawn[1].reset_after = false;
    for (CellSpec& cell : drawn) draw_other_activations(random, cell);
  }
  if (cells == Cells::variants) {
    drawn = {of_kind(CellKind::lstm), of_kind(CellKind::lstm), of_kind(CellKind::lstm)};
    drawn[0].use_peepholes = true;
    drawn[0].cell_clip = 0.5;
    drawn[1].projection_units = (H + 1) / 2;
    drawn[1].projection_clip = 0.25;
    draw_lstm_variant(random, drawn[2]);
  }
  return drawn;
}

class Interleaved : public ::testing::TestWithParam<InterleavedCase> {};

// Each seed is a hundred things that are done with a new pool.
TEST_P(Interleaved, StreamsEmitWhatTheyEmitAlone) {
  const InterleavedCase& tried = GetParam();
  const std::uint64_t things = from_environment("RONDO_TEST_SPECS", 2000);
  std::map<std::string, int> counts;
  Random random(from_environment("RONDO_TEST_SEED", 5));
  for (std::uint64_t done = 0; done < things && !HasFailure(); done += 100) {
    const std::int64_t H = random.pick<std::int64_t>({1, 9, 40, 130});
    const LoadedNetwork network = stack_of(random, draw_cells(random, tried.cells, H), 5, tried.dtype);
    const NetworkOptions options{.executor = tried.executor, .threads = tried.threads};
    const std::int64_t slots = random.integer(1, 9);
    InterleavedStreams streams(random, network,
                               {.slots = slots,
                                .max_rows = random.integer(1, slots),
                                .max_steps = random.integer(1, 9),
                                .network = options,
                                .eviction = EvictionPolicy::least_recently_used},
                               [&](const Tensor& x) { return stream_alone(network, x, options); });
    for (int k = 0; k < 100 && !HasFailure(); ++k) streams.act();
    for (const auto& [what, count] : streams.counts()) counts[what] += count;
  }
  EXPECT_EQ(counts.size(), 7U);  // every kind of thing was done
}

INSTANTIATE_TEST_SUITE_P(
    Executors, Interleaved,
    ::testing::Values(InterleavedCase{"fused", "cpu_fused", DType::f32, 1},
                      InterleavedCase{"fused_threads", "cpu_fused", DType::f32, 2},
                      InterleavedCase{"fused_bf16", "cpu_fused", DType::bf16, 2},
                      InterleavedCase{"fused_f16", "cpu_fused", DType::f16, 1},
                      InterleavedCase{"fused_unusual", "cpu_fused", DType::f32, 2, Cells::unusual},
                      InterleavedCase{"fused_variants", "cpu_fused", DType::f32, 2, Cells::variants},
                      InterleavedCase{"fused_variants_f16", "cpu_fused", DType::f16, 1, Cells::variants},
                      InterleavedCase{"variants", "reference", DType::f32, 1, Cells::variants},
                      InterleavedCase{"variants_f64", "reference", DType::f64, 1, Cells::variants},
                      InterleavedCase{"variants_f16", "reference", DType::f16, 1, Cells::variants},
                      InterleavedCase{"reference_f64", "reference", DType::f64, 1},
                      InterleavedCase{"reference", "reference", DType::f32, 1}),
    [](const auto& tried) { return std::string(tried.param.name); });

}  // namespace
}  // namespace rondo::test
