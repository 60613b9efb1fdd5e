#include "cpu/onednn_int8.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace onednn_peer {

namespace {

constexpr float kScale = 127.0F;
constexpr float kShift = 128.0F;
constexpr int kOfGatesAndUnits = (1 << 3) | (1 << 4);  // the axes of weights that have a scale for each index
constexpr float kLeast = 1e-20F;                       // a column of zeros has a scale, too

void take_largest(const float* weights, std::int64_t rows, std::vector<float>& largest) {
  for (std::int64_t row = 0; row < rows; ++row)
    for (float& of_column : largest) of_column = std::max(of_column, std::abs(*weights++));
}

}  // namespace

dnnl::primitive_attr int8_attributes(const PeerProblem& problem) {
  std::vector<float> scales(static_cast<std::size_t>((problem.gru != 0 ? 3 : 4) * problem.H), kLeast);
  take_largest(problem.kernel, problem.I, scales);
  take_largest(problem.recurrent_kernel, problem.H, scales);
  for (float& scale : scales) scale = kScale / scale;
  dnnl::primitive_attr attributes;
  attributes.set_rnn_data_qparams(kScale, kShift);
  attributes.set_rnn_weights_qparams(kOfGatesAndUnits, scales);
  return attributes;
}

void widen(const std::uint8_t* values, std::int64_t count, float* wide) {
  std::transform(values, values + count, wide,
                 [](std::uint8_t value) { return (static_cast<float>(value) - kShift) / kScale; });
}

}  // namespace onednn_peer
