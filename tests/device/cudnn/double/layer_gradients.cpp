#include <cmath>
#include <limits>

#include "device/cudnn/double/step.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Gradients of the sums of a unit, and of its states before the step but for what comes through the products.
struct UnitGradient {
  DoubleVector x_sums;
  DoubleVector h_sums;
  double h = 0;
  double c = 0;
};

UnitGradient lstm_gradient(const DoubleStep& step, std::int64_t u, double dh, double dc) {
  const double i = step.kept(0, u);
  const double f = step.kept(1, u);
  const double g = step.kept(2, u);
  const double o = step.kept(3, u);
  const double t = std::tanh(step.kept(5, u));
  const double all = dc + dh * o * (1 - t * t);
  const DoubleVector sums{all * g * i * (1 - i), all * step.kept(4, u) * f * (1 - f), all * i * (1 - g * g),
                          dh * t * o * (1 - o)};
  return {sums, sums, 0, all * f};
}

UnitGradient gru_gradient(const DoubleStep& step, std::int64_t u, double dh, double h_before) {
  const double r = step.kept(0, u);
  const double z = step.kept(1, u);
  const double n = step.kept(2, u);
  const double dn = dh * (1 - z) * (1 - n * n);
  const double dr = dn * step.kept(3, u) * r * (1 - r);
  const double dz = dh * (h_before - n) * z * (1 - z);
  return {{dr, dz, dn}, {dr, dz, dn * r}, dh * z, 0};
}

UnitGradient gradient_of(const DoubleLayer& layer, const DoubleStep& step, std::int64_t u, double dh, double dc,
                         double h_before) {
  if (layer.cell == DoubleCell::lstm) return lstm_gradient(step, u, dh, dc);
  if (layer.cell == DoubleCell::gru) return gru_gradient(step, u, dh, h_before);
  const double h = step.kept(0, u);
  const double relu = h > 0 ? dh : 0.0;
  const double sum = layer.cell == DoubleCell::tanh ? dh * (1 - h * h) : relu;
  return {{sum}, {sum}, 0, 0};
}

/// Takes one row back through all steps.
class RowBackward {
 public:
  RowBackward(const DoubleLayer& layer, const DoubleGradients& gradients, const DoubleVector& weights, std::int64_t b)
      : layer_(layer), gradients_(gradients), weights_(weights), b_(b) {
    for (std::int64_t u = 0; u < layer.H; ++u) {
      dh_.push_back(gradients.d_final_h.get(b * layer.H + u));
      dc_.push_back(gradients.d_final_c.get(b * layer.H + u));
    }
  }

  /// Leaves the gradients of the step's sums in the reserve.
  void take(std::int64_t t) {
    const std::int64_t G = layer_.gates();
    const DoubleStep step(layer_, gradients_.reserve, t, b_);
    const DoubleVector h = step.before(gradients_.y, gradients_.initial_h);
    for (std::int64_t u = 0; u < layer_.H; ++u) {
      const double given = dh_[at(u)] + gradients_.d_y.get(step.element(layer_.H, u));
      const UnitGradient gradient = gradient_of(layer_, step, u, given, dc_[at(u)], h[at(u)]);
      dh_[at(u)] = gradient.h;
      dc_[at(u)] = gradient.c;
      for (std::int64_t gate = 0; gate < G; ++gate) {
        step.kept(gate, u) = gradient.x_sums[at(gate)];
        step.kept(G + gate, u) = gradient.h_sums[at(gate)];
      }
    }
    DoubleVector dx(at(layer_.I));
    for (std::int64_t gate = 0; gate < G; ++gate) {
      add_transposed(gate, step, dx);
      add_transposed(G + gate, step, dh_);
    }
    for (std::int64_t k = 0; k < layer_.I; ++k) gradients_.d_x.set(step.element(layer_.I, k), dx[at(k)]);
  }

  void finish() const {
    for (std::int64_t u = 0; u < layer_.H; ++u) {
      gradients_.d_initial_h.set(b_ * layer_.H + u, dh_[at(u)]);
      gradients_.d_initial_c.set(b_ * layer_.H + u, dc_[at(u)]);
    }
  }

 private:
  /// v += W' d, with matrix `id` and the gradients d of its sums.
  void add_transposed(std::int64_t id, const DoubleStep& step, DoubleVector& v) const {
    const std::int64_t width = layer_.width_of(id);
    for (std::int64_t u = 0; u < layer_.H; ++u) {
      const std::int64_t row = layer_.matrix_begin(id) + u * width;
      for (std::int64_t j = 0; j < width; ++j) v[at(j)] += weights_[at(row + j)] * step.kept(id, u);
    }
  }

  const DoubleLayer& layer_;
  const DoubleGradients& gradients_;
  const DoubleVector& weights_;
  std::int64_t b_;
  DoubleVector dh_;
  DoubleVector dc_;
};

void add_step(const DoubleLayer& layer, const DoubleGradients& gradients, const DoubleStep& step, DoubleVector& sums) {
  const DoubleVector x = step.values(gradients.x, layer.I);
  const DoubleVector h = step.before(gradients.y, gradients.initial_h);
  for (std::int64_t id = 0; id < 2 * layer.gates(); ++id) {
    const DoubleVector& values = id < layer.gates() ? x : h;
    for (std::int64_t u = 0; u < layer.H; ++u) {
      const double gradient = step.kept(id, u);
      const std::int64_t row = layer.matrix_begin(id) + u * layer.width_of(id);
      for (std::int64_t k = 0; k < layer.width_of(id); ++k) sums[at(row + k)] += gradient * values[at(k)];
      if (layer.has_bias) sums[at(layer.bias_begin(id) + u)] += gradient;
    }
  }
}

}  // namespace

void data_gradients(const DoubleLayer& layer, const DoubleGradients& gradients) {
  if (gradients.reserve[0] != kOfARun) {
    gradients.reserve[0] = kNaN;
    return fill(gradients.d_x, layer.T * layer.B * layer.I, kNaN);
  }
  gradients.reserve[0] = kOfDataGradients;
  for (const Elements& state : {gradients.d_initial_h, gradients.d_initial_c}) fill(state, layer.B * layer.H, kNaN);
  const DoubleVector weights = all_of(layer, gradients.weights);
  for (std::int64_t b = 0; b < layer.B; ++b) {
    RowBackward row(layer, gradients, weights, b);
    for (std::int64_t t = layer.T - 1; t >= 0; --t) row.take(t);
    row.finish();
  }
}

void weight_gradients(const DoubleLayer& layer, const DoubleGradients& gradients) {
  if (gradients.reserve[0] != kOfDataGradients) return fill(gradients.d_weights, layer.weight_elements(), kNaN);
  DoubleVector sums(at(layer.weight_elements()));
  for (std::int64_t t = 0; t < layer.T; ++t) {
    for (std::int64_t b = 0; b < layer.B; ++b) {
      add_step(layer, gradients, DoubleStep(layer, gradients.reserve, t, b), sums);
    }
  }
  for (std::int64_t k = 0; k < layer.weight_elements(); ++k) {
    gradients.d_weights.set(k, gradients.d_weights.get(k) + sums[at(k)]);
  }
}

}  // namespace rondo::test
