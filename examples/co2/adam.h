/// Adam, an optimizer, on tensors of the CPU.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace co2 {

/// Changes weights in place as `tf.keras.optimizers.Adam` with its defaults does: Kingma and Ba, "Adam: A Method for
/// Stochastic Optimization", with the corrections of both means moved into the rate, as at the end of section 2.
class Adam {
 public:
  /// Weights and gradients are f32 without gaps, in pairs of one shape.
  Adam(std::vector<rondo::Tensor> weights, std::vector<rondo::Tensor> gradients)
      : weights_(std::move(weights)), gradients_(std::move(gradients)) {
    for (const rondo::Tensor& weight : weights_) {
      means_.push_back(rondo::Tensor::zeros(weight.shape(), weight.dtype()));
      mean_squares_.push_back(rondo::Tensor::zeros(weight.shape(), weight.dtype()));
    }
  }

  /// One step by the gradients' present elements.
  void step(double rate) {
    ++steps_;
    const auto corrected = static_cast<float>(rate * std::sqrt(1.0 - std::pow(kMeanSquareDecay, steps_)) /
                                              (1.0 - std::pow(kMeanDecay, steps_)));
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      auto* weight = weights_[k].data<float>();
      const auto* gradient = gradients_[k].data<float>();
      auto* mean = means_[k].data<float>();
      auto* mean_square = mean_squares_[k].data<float>();
      for (std::int64_t i = 0; i < weights_[k].numel(); ++i) {
        mean[i] += (gradient[i] - mean[i]) * static_cast<float>(1.0 - kMeanDecay);
        mean_square[i] += (gradient[i] * gradient[i] - mean_square[i]) * static_cast<float>(1.0 - kMeanSquareDecay);
        weight[i] -= corrected * mean[i] / (std::sqrt(mean_square[i]) + kEpsilon);
      }
    }
  }

 private:
  static constexpr double kMeanDecay = 0.9;
  static constexpr double kMeanSquareDecay = 0.999;
  static constexpr float kEpsilon = 1e-7F;

  std::vector<rondo::Tensor> weights_;
  std::vector<rondo::Tensor> gradients_;
  std::vector<rondo::Tensor> means_;
  std::vector<rondo::Tensor> mean_squares_;
  int steps_ = 0;
};

}  // namespace co2
