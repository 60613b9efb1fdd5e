/// Small cells and inputs for the tests of dynamic_rnn.
#pragma once

#include "rondo/ops/ops.h"
#include "units/layers/v1_random_cells.h"

namespace rondo::test {

inline constexpr std::int64_t B = 2;
inline constexpr std::int64_t T = 5;
inline constexpr std::int64_t I = 3;
inline constexpr std::int64_t H = 4;

/// A cell with h' = h + x over vectors of H, and n' = n + mean(x) of rank 0, which counts steps where x is ones. The
/// outputs are h and n.
class CountingCell final : public Cell {
 public:
  SizeNest state_size() const override { return SizeNest::tuple({Shape{H}, Shape{}}); }
  SizeNest output_size() const override { return SizeNest::named({{"h", Shape{H}}, {"n", Shape{H}}}); }
  StepResult call(const Nest& x, const States& states, const CellContext&) override {
    const Tensor h = add(states[0], x);
    const Tensor n = add(states[1], mean(x));
    return {Nest::named({{"h", h}, {"n", add(mul(h, 0.0), n)}}), {h, n}};
  }
};

inline std::shared_ptr<Cell> lstm() {
  Random random(1);
  return std::make_shared<v1::LSTMCell>(v1::LSTMCellOptions{.num_units = H},
                                        RandomWeights{random}.lstm(I, {.num_units = H}));
}

inline std::shared_ptr<Cell> peephole_lstm() {
  Random random(2);
  const v1::LSTMCellOptions options{.num_units = H, .use_peepholes = true};
  return std::make_shared<v1::LSTMCell>(options, RandomWeights{random}.lstm(I, options));
}

inline Tensor inputs() { return Random(3).tensor({B, T, I}, 1.0); }
inline Tensor ones() { return Tensor::full({B, T, H}, 1.0, DType::f32); }

}  // namespace rondo::test
