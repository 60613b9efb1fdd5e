// Runs the README's example with the installed package: an LSTM over two rows of five steps.
#include <rondo/rondo.h>

#include <cstdio>
#include <vector>

using namespace rondo;

int main() {
  const Tensor W = Tensor::full({3, 16}, 0.1, DType::f32);
  const Tensor U = Tensor::full({4, 16}, 0.1, DType::f32);
  const Tensor b = Tensor::zeros({16}, DType::f32);
  const std::vector<float> values(30, 1.0F);

  LSTM lstm({.units = 4}, {.kernel = W, .recurrent_kernel = U, .bias = b}, {.return_sequences = true});
  Tensor x = Tensor::from(values, {2, 5, 3});  // (B, T, I)
  Tensor mask = Tensor::from({true, true, true, true, true, true, false, true, true, false}, {2, 5});
  Tensor y = lstm(x, {.mask = mask}).output;  // (B, T, H)
  std::puts(to_string(y).c_str());

  // A masked last step repeats the output before it; the first row's last step does not.
  const auto at = [&](int row, int t) { return y.select(0, row).select(0, t).select(0, 0).item(); };
  return y.shape() == Shape{2, 5, 4} && at(1, 4) == at(1, 3) && at(0, 4) > at(0, 3) ? 0 : 1;
}
