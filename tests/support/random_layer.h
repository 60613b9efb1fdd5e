/// Random layers of known cells, the same layers of hidden cells, and random calls.
#pragma once

#include <algorithm>
#include <optional>

#include "rondo/keras/layers.h"
#include "support/compare.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo::test {

/// One random layer, of known and of hidden cells, and one random call.
struct RandomLayer {
  RNNOptions options;
  std::vector<std::shared_ptr<Cell>> known;
  std::vector<std::shared_ptr<Cell>> hidden;
  Tensor x;
  CallOptions call;

  /// A layer of this dtype, or of a random one.
  explicit RandomLayer(Random& random, std::optional<DType> wanted = std::nullopt)
      : options{.return_sequences = random.coin(),
                .return_state = true,
                .go_backwards = random.coin(),
                .unroll = random.coin(),
                .time_major = random.coin(),
                .zero_output_for_mask = random.coin()} {
    const DType dtype = wanted ? *wanted : random.coin(0.8) ? DType::f32 : DType::f64;
    const std::int64_t T = random.integer(0, 6);
    const std::int64_t B = random.integer(0, 4);
    std::int64_t features = random.integer(1, 5);
    x = random.tensor(options.time_major ? Shape{T, B, features} : Shape{B, T, features}, 1.0, dtype);
    for (std::int64_t k = random.integer(1, 3); k > 0; --k) features = add_cell(random, features, dtype);
    if (random.coin(0.7)) draw_mask(random, T, B);
    if (random.coin()) draw_states(random, B, dtype);
    if (random.coin(0.4)) draw_resets(random, T, B, dtype);
  }

  std::int64_t add_cell(Random& random, std::int64_t features, DType dtype) {
    CellSpec spec{.kind = random.pick({CellKind::simple_rnn, CellKind::lstm, CellKind::gru, CellKind::mgu}),
                  .units = random.integer(1, 6),
                  .use_bias = random.coin(),
                  .reset_after = random.coin()};
    const std::int64_t columns = gate_count(spec.kind) * spec.units;
    if (spec.kind == CellKind::lstm && random.coin(0.3)) {
      spec.use_peepholes = true;
      spec.projection_units = random.integer(1, 6);
    }
    RecurrentWeights weights{random.tensor({features, columns}, 1.0, dtype),
                             random.tensor({output_units(spec), columns}, 0.5, dtype), std::nullopt};
    const bool two_rows = bias_rows(spec) == 2;
    if (spec.use_bias) weights.bias = random.tensor(two_rows ? Shape{2, columns} : Shape{columns}, 0.5, dtype);
    if (spec.use_peepholes) weights.peepholes = random.tensor({3, spec.units}, 0.5, dtype);
    if (spec.projection_units) weights.projection = random.tensor({spec.units, output_units(spec)}, 0.5, dtype);
    known.push_back(std::make_shared<KnownCell>(spec, weights));
    hidden.push_back(std::make_shared<Hidden>(known.back()));
    return output_units(spec);
  }

  void draw_mask(Random& random, std::int64_t T, std::int64_t B) {
    const Tensor mask = Tensor::empty(options.time_major ? Shape{T, B} : Shape{B, T}, DType::boolean);
    for (std::int64_t i = 0; i < mask.numel(); ++i) mask.data<bool>()[i] = random.coin(0.6);
    call.mask = random.coin() ? mask : mask.insert_axis(2);
  }

  void draw_resets(Random& random, std::int64_t T, std::int64_t B, DType dtype) {
    const Tensor resets = Tensor::empty(options.time_major ? Shape{T, B} : Shape{B, T}, DType::boolean);
    for (std::int64_t i = 0; i < resets.numel(); ++i) resets.data<bool>()[i] = random.coin(0.3);
    call.resets = random.coin() ? resets : resets.insert_axis(2);
    if (random.coin())
      call.reset_state = states_of_cells(random, random.coin() ? std::optional(B) : std::nullopt, dtype);
  }

  void draw_states(Random& random, std::int64_t B, DType dtype) {
    call.initial_state = states_of_cells(random, B, dtype);
  }

  /// States for B rows, or one row for all.
  States states_of_cells(Random& random, std::optional<std::int64_t> B, DType dtype) const {
    const auto state_of = [&](const Cell& cell) {
      return cell.state_size().map(
          [&](const Shape& shape) { return random.tensor(B ? shape.insert(0, *B) : shape, 1.0, dtype); });
    };
    States states;
    if (known.size() == 1) {
      const Nest state = state_of(*known[0]);
      return state.is_leaf() ? States{state} : state.children();
    }
    for (const auto& cell : known) states.push_back(state_of(*cell));
    return states;
  }

  /// The layer and the call with everything on `device`.
  RandomLayer on(Device device) const {
    RandomLayer moved = *this;
    moved.known.clear();
    moved.hidden.clear();
    for (const auto& cell : known) {
      const auto& original = dynamic_cast<const KnownCell&>(*cell);
      moved.known.push_back(std::make_shared<KnownCell>(original.spec(), original.weights().to(device)));
      moved.hidden.push_back(std::make_shared<Hidden>(moved.known.back()));
    }
    moved.x = x.to(device);
    if (call.mask) moved.call.mask = call.mask->to(device);
    if (call.resets) moved.call.resets = call.resets->to(device);
    for (States* states : {&moved.call.initial_state, &moved.call.reset_state}) {
      for (Nest& state : *states) state = state.map([&](const Tensor& leaf) { return leaf.to(device); });
    }
    return moved;
  }

  /// The scale of errors. As scale_of() says, a gate may shrink the results of the sums behind it, but not their
  /// rounding errors.
  double scale(const std::vector<Tensor>& results) const {
    double scale = largest_magnitude(x);
    for (const States* states : {&call.initial_state, &call.reset_state}) {
      for (const Tensor& leaf : Nest::tuple(*states).flatten()) scale = std::max(scale, largest_magnitude(leaf));
    }
    for (const Tensor& result : results) scale = std::max(scale, largest_magnitude(result));
    return scale;
  }

  double tolerance() const { return x.dtype() == DType::f64 ? 1e-12 : 1e-5; }

  LayerResult run(const std::vector<std::shared_ptr<Cell>>& cells) const {
    RNN layer = cells.size() == 1 ? RNN(cells[0], options) : RNN(cells, options);
    return layer(x, call);
  }
};

inline std::vector<Tensor> results_of(const LayerResult& result) {
  std::vector<Tensor> tensors = Nest::tuple(result.states).flatten();
  tensors.push_back(result.output);
  return tensors;
}

}  // namespace rondo::test
