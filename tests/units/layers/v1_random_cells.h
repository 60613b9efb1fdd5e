/// Random cells of TensorFlow 1 with random weights, and hidden cells.
#pragma once

#include <memory>

#include "rondo/tf1/v1.h"
#include "support/random.h"

namespace rondo::test {

/// A custom cell around a known cell, so that it is called at every step. Counts the calls.
class CalledCell final : public Cell {
 public:
  explicit CalledCell(std::shared_ptr<Cell> cell) : cell_(std::move(cell)) {}

  SizeNest state_size() const override { return cell_->state_size(); }
  SizeNest output_size() const override { return cell_->output_size(); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override {
    ++calls_;
    return cell_->call(inputs, states, context);
  }

  int calls() const { return calls_; }

 private:
  std::shared_ptr<Cell> cell_;
  int calls_ = 0;
};

/// Draws weights of small cells, all of one dtype.
struct RandomWeights {
  Random& random;
  DType dtype = DType::f32;

  Tensor matrix(std::int64_t rows, std::int64_t columns) const { return random.tensor({rows, columns}, 0.7, dtype); }
  Tensor vector(std::int64_t size) const { return random.tensor({size}, 0.5, dtype); }

  v1::BasicRNNWeights basic(std::int64_t I, std::int64_t H) const { return {matrix(I + H, H), vector(H)}; }
  v1::GRUWeights gru(std::int64_t I, std::int64_t H) const {
    return {matrix(I + H, 2 * H), vector(2 * H), matrix(I + H, H), vector(H)};
  }
  v1::LSTMWeights lstm(std::int64_t I, const v1::LSTMCellOptions& options) const {
    const std::int64_t H = options.num_units;
    v1::LSTMWeights weights{matrix(I + options.num_proj.value_or(H), 4 * H), vector(4 * H)};
    if (options.use_peepholes) {
      weights.w_f_diag = vector(H);
      weights.w_i_diag = vector(H);
      weights.w_o_diag = vector(H);
    }
    if (options.num_proj) weights.projection_kernel = matrix(H, *options.num_proj);
    return weights;
  }
};

inline v1::LSTMCellOptions random_lstm_options(Random& random) {
  v1::LSTMCellOptions options{.num_units = random.integer(1, 6),
                              .use_peepholes = random.coin(0.4),
                              .forget_bias = random.uniform(0, 2),
                              .state_is_tuple = random.coin(0.7),
                              .activation = random.pick({Activation::tanh, Activation::sigmoid})};
  if (random.coin(0.3)) options.cell_clip = random.uniform(0.1, 1);
  if (random.coin(0.4)) options.num_proj = random.integer(1, 6);
  if (random.coin(0.4)) options.proj_clip = random.uniform(0.05, 0.5);
  return options;
}

inline std::shared_ptr<Cell> random_v1_cell(Random& random, std::int64_t I, DType dtype) {
  const RandomWeights weights{random, dtype};
  const std::int64_t H = random.integer(1, 6);
  switch (random.integer(0, 3)) {
    case 0: return std::make_shared<v1::BasicRNNCell>(v1::BasicRNNCellOptions{.num_units = H}, weights.basic(I, H));
    case 1: return std::make_shared<v1::GRUCell>(v1::GRUCellOptions{.num_units = H}, weights.gru(I, H));
    case 2:
      return std::make_shared<GRUCell>(
          GRUCellOptions{.units = H},
          RecurrentWeights{weights.matrix(I, 3 * H), weights.matrix(H, 3 * H), weights.matrix(2, 3 * H)});
    default: break;
  }
  const v1::LSTMCellOptions options = random_lstm_options(random);
  return std::make_shared<v1::LSTMCell>(options, weights.lstm(I, options));
}

}  // namespace rondo::test
