// Defines a custom cell, the MinimalRNNCell of the tf.keras.layers.RNN page, and runs it in a layer and in a stack.

#include <cstdio>
#include <cstdlib>
#include <random>

#include "rondo/rondo.h"

namespace {

using rondo::Tensor;

Tensor uniform(const rondo::Shape& shape) {
  static std::mt19937 engine(1);
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  for (float& value : values) value = std::uniform_real_distribution<float>(-0.05F, 0.05F)(engine);
  return Tensor::from(values, shape);
}

class MinimalRNNCell : public rondo::Cell {
 public:
  explicit MinimalRNNCell(std::int64_t units) : units_(units) {}

  rondo::SizeNest state_size() const override { return rondo::Shape{units_}; }

  void build(const rondo::SizeNest& input_shape) override {
    kernel_ = uniform({input_shape.leaf()[-1], units_});
    recurrent_kernel_ = uniform({units_, units_});
  }

  rondo::StepResult call(const rondo::Nest& inputs, const rondo::States& states, const rondo::CellContext&) override {
    const Tensor h = rondo::dot(inputs, kernel_);
    const Tensor output = rondo::add(h, rondo::dot(states[0], recurrent_kernel_));
    return {output, {output}};
  }

 private:
  std::int64_t units_;
  Tensor kernel_;
  Tensor recurrent_kernel_;
};

}  // namespace

int main() {
  const Tensor x = uniform({2, 7, 5});  // (B, T, I)

  rondo::RNN layer(std::make_shared<MinimalRNNCell>(32));
  const Tensor y = layer(x).output;
  std::printf("RNN(MinimalRNNCell(32)): %s\n", describe(y).c_str());

  rondo::RNN stack({std::make_shared<MinimalRNNCell>(32), std::make_shared<MinimalRNNCell>(64)});
  const Tensor z = stack(x).output;
  std::printf("RNN([MinimalRNNCell(32), MinimalRNNCell(64)]): %s\n", describe(z).c_str());

  const bool as_expected = y.shape() == rondo::Shape{2, 32} && z.shape() == rondo::Shape{2, 64};
  return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
