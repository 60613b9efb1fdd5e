/// Many threads and one model.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "rondo/models/model.h"
#include "support/compare.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

TEST(ModelThreadsTest, ManyThreadsMayCallOneModel) {
  ModelText text(3);
  text.input("words", {nullptr, nullptr}, "int32");
  text.add("Embedding", "table", {{"input_dim", 6}, {"output_dim", 4}, {"mask_zero", true}}, {"words"})
      .weights({{6, 4}});
  text.add("LSTM", "lower", {{"units", 3}, {"return_sequences", true}}, {"table"}).weights({{4, 12}, {3, 12}, {12}});
  text.add("LSTM", "upper", {{"units", 3}}, {"lower"}).weights({{3, 12}, {3, 12}, {12}});
  text.add("Dense", "head", {{"units", 2}, {"activation", "tanh"}}, {"upper"}).weights({{3, 2}, {2}});
  Model model(text.outputs({"head"}).model());
  const std::vector<Tensor> inputs = {Tensor::from({1, 2, 0}, {1, 3}), Tensor::from({3, 0, 5, 4}, {2, 2})};
  std::vector<Tensor> expected;
  for (const Tensor& x : inputs) expected.push_back(model.predict(x));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t one = 0; one < wrong.size(); ++one) {
    threads.emplace_back([&, one] {
      ModelStream stream = model.stream();
      for (std::size_t k = 0; k < 20; ++k) {
        const Tensor& x = inputs[(one + k) % 2];
        if (!identical(model.predict(x), expected[(one + k) % 2])) ++wrong[one];
        (void)stream.step(Tensor::from({static_cast<std::int32_t>(k % 6)}, {1}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace rondo::test
