// A planned layer of known cells against a layer of the same cells hidden behind custom cells, which runs through the
// step loop: the two agree over random stacks, options, masks and layouts.

#include <gtest/gtest.h>

#include "agreement/property/random_layer.h"
#include "agreement/property/seeds.h"

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

}  // namespace
}  // namespace rondo::test
