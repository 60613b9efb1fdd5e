#include "rondo/tensor/nest.h"

#include <gtest/gtest.h>

#include <string>

#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

using Numbers = Tree<int>;

Numbers sample() {
  return Numbers::tuple({1, Numbers::list({2, 3}), Numbers::named({{"h", 4}, {"c", Numbers::tuple({5})}})});
}

TEST(Nest, LeavesInOrder) {
  EXPECT_EQ(sample().flatten(), (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(sample().leaf_count(), 5U);
  EXPECT_EQ(Numbers(7).flatten(), (std::vector<int>{7}));
  EXPECT_TRUE(Numbers().flatten().empty());
}

TEST(Nest, Structure) {
  EXPECT_EQ(sample().structure(), "(*, [*, *], {h: *, c: (*,)})");
  EXPECT_EQ(Numbers().structure(), "()");
  EXPECT_EQ(Numbers(1).structure(), "*");
  EXPECT_EQ(Numbers::list({1}).structure(), "[*]");
}

TEST(Nest, ComparesStructuresAlone) {
  EXPECT_TRUE(sample().same_structure(sample().map([](int leaf) { return leaf * 0.5; })));
  EXPECT_FALSE(Numbers::tuple({1, 2}).same_structure(Numbers::list({1, 2})));
  EXPECT_FALSE(Numbers::named({{"h", 1}}).same_structure(Numbers::named({{"c", 1}})));
  EXPECT_FALSE(Numbers::tuple({1, 2}).same_structure(Numbers::tuple({1})));
  EXPECT_FALSE(Numbers(1).same_structure(Numbers::tuple({1})));
}

TEST(Nest, PackUndoesFlatten) {
  const Tree<std::string> packed = sample().pack(std::vector<std::string>{"a", "b", "c", "d", "e"});
  EXPECT_EQ(packed.structure(), sample().structure());
  EXPECT_EQ(packed[2]["c"][0].leaf(), "e");
  EXPECT_EQ(packed.flatten(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  expect_error<ValueError>(
      [] {
        sample().pack(std::vector<int>{1, 2});
      },
      "leaves: got 2, expected 5 for (*, [*, *], {h: *, c: (*,)})");
  EXPECT_THROW(Numbers(1).pack(std::vector<int>{}), ValueError);
}

TEST(Nest, MapVisitsInOrder) {
  std::vector<int> seen;
  const Numbers doubled = sample().map([&](int leaf) {
    seen.push_back(leaf);
    return 2 * leaf;
  });
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(doubled.flatten(), (std::vector<int>{2, 4, 6, 8, 10}));
}

TEST(Nest, ChildrenByIndexAndName) {
  const Numbers tree = sample();
  EXPECT_EQ(tree[1][1].leaf(), 3);
  EXPECT_EQ(tree[2][std::string("h")].leaf(), 4);
  EXPECT_EQ(tree[2].names(), (std::vector<std::string>{"h", "c"}));
  EXPECT_EQ(tree.kind(), Numbers::Kind::tuple);
  EXPECT_EQ(tree.children().size(), 3U);
  expect_error<ValueError>([&] { tree[1][2]; }, "nest index: got 2, expected below the size of [*, *]");
  expect_error<ValueError>([&] { tree[2][std::string("x")]; }, "nest field: got x, expected one of {h: *, c: (*,)}");
}

TEST(Nest, IsATensorWhereItIsALeaf) {
  const Tensor x = Tensor::full({2}, 3, DType::f32);
  const Nest leaf = x;
  const Tensor& back = leaf;
  EXPECT_EQ(back.data(), x.data());
  const Nest pair = Nest::tuple({x, x});
  expect_error<TypeError>([&] { [[maybe_unused]] const Tensor& none = pair; },
                          "nest: got the structure (*, *), expected a single leaf");
  EXPECT_THROW((void)Nest().leaf(), TypeError);
}

}  // namespace
}  // namespace rondo
