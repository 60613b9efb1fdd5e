/// ModelOptions::math reaches every recurrence of a model.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "support/compare.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

KerasModel model_of(bool bidirectional) {
  ModelText text(3);
  text.input("x", {nullptr, nullptr, 20});
  text.add("GRU", "lower", {{"units", 16}, {"return_sequences", true}}, {"x"}).weights({{20, 48}, {16, 48}, {2, 48}});
  if (bidirectional) {
    const nlohmann::json inner = {{"class_name", "LSTM"}, {"config", {{"units", 24}, {"name", "inner"}}}};
    text.add("Bidirectional", "upper", {{"layer", inner}, {"merge_mode", "concat"}}, {"lower"})
        .weights({{16, 96}, {24, 96}, {96}, {16, 96}, {24, 96}, {96}});
  } else {
    text.add("LSTM", "upper", {{"units", 24}}, {"lower"}).weights({{16, 96}, {24, 96}, {96}});
  }
  return text.outputs({"upper"}).model();
}

TEST(ModelMathTest, RecurrencesRunInEightBits) {
  const Tensor x = random_weight({3, 7, 20}, 4);
  for (const bool bidirectional : {false, true}) {
    Model strict(model_of(bidirectional));
    Model small(model_of(bidirectional), {.math = MatrixMath::int8});
    EXPECT_EQ(strict.explain(3, 7).find("products of 8 bits"), std::string::npos);
    EXPECT_NE(small.explain(3, 7).find("products of 8 bits"), std::string::npos);
    const Tensor expected = strict.predict(x);
    EXPECT_TRUE(close(small.predict(x), expected, 3e-2));
    EXPECT_FALSE(identical(small.predict(x), expected));
  }
}

TEST(ModelMathTest, AStreamHasTheBitsOfWholeSequences) {
  const Tensor x = random_weight({3, 7, 20}, 5);
  Model small(model_of(false), {.math = MatrixMath::int8});
  ModelStream stream = small.stream();
  Tensor last;
  for (std::int64_t t = 0; t < 7; ++t) last = stream.step(x.select(1, t).clone());
  EXPECT_TRUE(identical(last, small.predict(x)));
}

}  // namespace
}  // namespace rondo::test
