// Pullbacks of layers in f64 against finite differences of their calls.

#include <gtest/gtest.h>

#include "rondo/keras/bidirectional.h"
#include "support/finite_differences.h"
#include "support/random_layer.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

std::vector<Tensor> weights_of(const std::vector<std::shared_ptr<Cell>>& cells) {
  std::vector<Tensor> all;
  for (const auto& cell : cells) {
    const RecurrentWeights& weights = dynamic_cast<const KnownCell&>(*cell).weights();
    (void)weights.map([&](const Tensor& weight) { return all.emplace_back(weight); });
  }
  return all;
}

/// Copies of the cells with the weights that `next` points at, which is moved behind them.
std::vector<std::shared_ptr<Cell>> cells_with(const std::vector<std::shared_ptr<Cell>>& cells, const Tensor*& next) {
  std::vector<std::shared_ptr<Cell>> copies;
  for (const auto& cell : cells) {
    const auto& known = dynamic_cast<const KnownCell&>(*cell);
    copies.push_back(std::make_shared<KnownCell>(
        known.spec(), known.weights().map([&](const Tensor&) { return *next++; }), known.dropout()));
  }
  return copies;
}

RNN layer_of(const std::vector<std::shared_ptr<Cell>>& cells, const RNNOptions& options) {
  return cells.size() == 1 ? RNN(cells[0], options) : RNN(cells, options);
}

/// Replaces the mask by lengths in some of the calls.
void draw_lengths(Random& random, RandomLayer& layer) {
  if (layer.call.mask.has_value() || random.coin()) return;
  const int batch_axis = layer.options.time_major ? 1 : 0;
  const std::int64_t B = layer.x.size(batch_axis);
  layer.call.lengths = Tensor::empty({B}, DType::i32);
  for (std::int64_t b = 0; b < B; ++b) {
    layer.call.lengths->data<std::int32_t>()[b] =
        static_cast<std::int32_t>(random.integer(0, layer.x.size(1 - batch_axis)));
  }
}

Point point_of(const RandomLayer& layer) {
  return {layer.x, layer.call.initial_state, layer.call.reset_state, weights_of(layer.known)};
}

CallOptions call_at(CallOptions call, const Point& point) {
  call.initial_state = point.initial_state;
  call.reset_state = point.reset_state;
  return call;
}

void expect_gradients(Random& random, const Point& from, const CallAt& at) {
  const LayerResult result = at(from);
  ASSERT_TRUE(static_cast<bool>(result.pullback));
  const ResultGradients of_results = random_result_gradients(random, result);
  const Point gradients(result.pullback(of_results.output, of_results.states));
  expect_derivative(random, from, gradients, at, of_results);
}

TEST(LayerGradients, AreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomLayer layer(random, DType::f64);
    draw_lengths(random, layer);
    layer.options.return_state = random.coin(0.8);
    layer.call.gradients = true;
    expect_gradients(random, point_of(layer), [&](const Point& point) {
      const Tensor* next = point.weights.data();
      return layer_of(cells_with(layer.known, next), layer.options)(point.inputs, call_at(layer.call, point));
    });
  });
}

/// Dropout of inputs, whose masks all gates share, is a product of the inputs: such a layer is planned.
TEST(LayerGradients, OfDroppedInputsAreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomLayer layer(random, DType::f64);
    for (auto& cell : layer.known) {
      const auto& known = dynamic_cast<const KnownCell&>(*cell);
      cell = std::make_shared<KnownCell>(known.spec(), known.weights(), DropoutOptions{.dropout = 0.3, .seed = seed});
    }
    layer.call.gradients = layer.call.training = true;
    layer.call.dropout_call = seed;
    expect_gradients(random, point_of(layer), [&](const Point& point) {
      const Tensor* next = point.weights.data();
      return layer_of(cells_with(layer.known, next), layer.options)(point.inputs, call_at(layer.call, point));
    });
  });
}

/// Masks of dropout by gate, of inputs and of states, in a stack too.
TEST(LayerGradients, OfDroppedGatesAndStatesAreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomLayer layer(random, DType::f64);
    for (auto& cell : layer.known) {
      const auto& known = dynamic_cast<const KnownCell&>(*cell);
      if (!is_plain(known.spec())) return;  // dropout is for the cells of Keras
      cell = std::make_shared<KnownCell>(known.spec(), known.weights(),
                                         DropoutOptions{.dropout = random.coin() ? 0.3 : 0.0,
                                                        .recurrent_dropout = random.coin(0.7) ? 0.3 : 0.0,
                                                        .implementation = random.coin() ? 1 : 2,
                                                        .seed = seed});
    }
    layer.call.gradients = layer.call.training = true;
    layer.call.dropout_call = seed;
    expect_gradients(random, point_of(layer), [&](const Point& point) {
      const Tensor* next = point.weights.data();
      return layer_of(cells_with(layer.known, next), layer.options)(point.inputs, call_at(layer.call, point));
    });
  });
}

/// A cell that no executor knows has the gradients of the known cell that it hides, also in a stack with known cells.
TEST(LayerGradients, OfCalledCellsAreThoseOfThePlannedPath) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomLayer layer(random, DType::f64);
    draw_lengths(random, layer);
    layer.call.gradients = true;
    if (layer.hidden.size() > 1 && random.coin()) layer.hidden[0] = layer.known[0];
    const LayerResult expected = layer.run(layer.known);
    const LayerResult actual = layer.run(layer.hidden);
    const ResultGradients given = random_result_gradients(random, expected);
    const std::vector<Tensor> left = Point(actual.pullback(given.output, given.states)).flatten();
    const std::vector<Tensor> right = Point(expected.pullback(given.output, given.states)).flatten();
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t k = 0; k < left.size(); ++k) EXPECT_TRUE(close(left[k], right[k], 1e-11)) << "gradient " << k;
  });
}

/// A second layer for the same inputs, as wide as the first unless outputs are concatenated or apart.
std::vector<std::shared_ptr<Cell>> backward_cells(Random& random, const RandomLayer& layer, MergeMode mode) {
  if (mode == MergeMode::concat || mode == MergeMode::none) {
    RandomLayer other = layer;
    other.known.clear();
    other.add_cell(random, layer.x.size(-1), DType::f64);
    return other.known;
  }
  std::vector<std::shared_ptr<Cell>> copies;
  for (const auto& cell : layer.known) {
    const auto& known = dynamic_cast<const KnownCell&>(*cell);
    copies.push_back(std::make_shared<KnownCell>(known.spec(), known.weights().map([&](const Tensor& weight) {
      return random.tensor(weight.shape(), 0.5, DType::f64);
    })));
  }
  return copies;
}

/// The number of a layer's states.
std::size_t states_of(const std::vector<std::shared_ptr<Cell>>& cells) {
  const SizeNest size = cells[0]->state_size();
  return cells.size() > 1 ? cells.size() : size.leaf_count();
}

TEST(BidirectionalGradients, AreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomLayer layer(random, DType::f64);
    draw_lengths(random, layer);
    layer.call.initial_state = layer.call.reset_state = {};
    layer.call.gradients = true;
    const MergeMode mode =
        random.pick({MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave, MergeMode::none});
    SCOPED_TRACE(to_string(mode));
    const auto others = backward_cells(random, layer, mode);
    RNNOptions turned = layer.options;
    turned.go_backwards = !turned.go_backwards;
    const auto at = [&](const Point& point) {
      const Tensor* next = point.weights.data();
      const RNN forward = layer_of(cells_with(layer.known, next), layer.options);
      const RNN backward = layer_of(cells_with(others, next), turned);
      return Bidirectional(forward, backward, mode)(point.inputs, call_at(layer.call, point));
    };
    Point from = point_of(layer);
    for (const Tensor& weight : weights_of(others)) from.weights.push_back(weight);
    if (states_of(layer.known) == states_of(others) && random.coin()) {
      for (const Nest& state : at(from).states) {
        from.initial_state.push_back(
            state.map([&](const Tensor& leaf) { return random.tensor(leaf.shape(), 1.0, DType::f64); }));
      }
    }
    expect_gradients(random, from, at);
  });
}

}  // namespace
}  // namespace rondo::test
