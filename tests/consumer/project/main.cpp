// An LSTM over two rows of five steps, through the installed headers and library.
#include <rondo/rondo.h>

#include <cstdio>

int main() {
  using namespace rondo;
  const std::int64_t B = 2, T = 5, I = 3, H = 4;
  LSTM lstm({.units = H, .return_sequences = true},
            {.kernel = Tensor::full({I, 4 * H}, 0.1, DType::f32),
             .recurrent_kernel = Tensor::full({H, 4 * H}, 0.1, DType::f32),
             .bias = Tensor::zeros({4 * H}, DType::f32)});
  const Tensor y = lstm(Tensor::full({B, T, I}, 1.0, DType::f32)).output;
  std::printf("%s\n", describe(y).c_str());
  return y.shape() == Shape{B, T, H} && y.to_vector<float>().back() > 0 ? 0 : 1;
}
