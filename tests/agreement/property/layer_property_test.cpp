// A planned layer of known cells against a layer of the same cells hidden behind custom cells, which runs through the
// step loop: the two agree over random stacks, options, masks and layouts.

#include <gtest/gtest.h>

#include "rondo/ops/ops.h"
#include "support/random_layer.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

TEST(LayerProperty, PlannedAndSteppedLayersAgree) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomLayer layer(random);
    const std::vector<Tensor> planned = results_of(layer.run(layer.known));
    const std::vector<Tensor> stepped = results_of(layer.run(layer.hidden));
    ASSERT_EQ(planned.size(), stepped.size());
    const double bound = layer.tolerance() * layer.scale(stepped);
    for (std::size_t k = 0; k < planned.size(); ++k) {
      EXPECT_TRUE(within(planned[k], stepped[k], bound)) << "in result " << k << ", the last is the output";
    }
  });
}

// Lengths and the mask that they stand for give equal bits with the same executor.
TEST(LayerProperty, LengthsAreTheMaskThatIsTrueUpToThem) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    RandomLayer layer(random);
    const std::int64_t B = layer.x.size(layer.options.time_major ? 1 : 0);
    const std::int64_t T = layer.x.size(layer.options.time_major ? 0 : 1);
    const Tensor lengths = Tensor::empty({B}, DType::i64);
    for (std::int64_t b = 0; b < B; ++b) lengths.data<std::int64_t>()[b] = random.integer(0, T);
    RandomLayer masked = layer;
    const Tensor mask = sequence_mask(lengths, T);
    masked.call.mask = layer.options.time_major ? mask.swap_axes(0, 1) : mask;
    layer.call.mask.reset();
    // With a mask, marks beyond a row's length have a meaning.
    if (masked.call.resets) {
      const Tensor& within = *masked.call.mask;
      const Tensor resets = masked.call.resets->reshape(within.shape());
      masked.call.resets = where(within, resets, zeros_like(resets));
    }
    layer.call.lengths = random.coin() ? lengths : lengths.to(DType::i32);
    for (const bool planned : {true, false}) {
      SCOPED_TRACE(planned ? "planned" : "stepped");
      const std::vector<Tensor> results = results_of(layer.run(planned ? layer.known : layer.hidden));
      const std::vector<Tensor> expected = results_of(masked.run(planned ? masked.known : masked.hidden));
      ASSERT_EQ(results.size(), expected.size());
      for (std::size_t k = 0; k < results.size(); ++k) EXPECT_TRUE(identical(results[k], expected[k])) << k;
    }
  });
}

}  // namespace
}  // namespace rondo::test
