#include "device/cudnn/double/layer.h"

#include <cmath>
#include <limits>
#include <vector>

#include "vocabulary/dispatch_dtype.h"

namespace rondo::test {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t kGap = 3;          // elements between matrices
constexpr double kOfARun = 123;           // the first number of a reserve
constexpr double kOfDataGradients = 456;  // likewise
constexpr std::int64_t kKeptPerUnit = 8;  // numbers
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double sigmoid(double value) { return 1 / (1 + std::exp(-value)); }

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// One row at one step: addresses, and what a run keeps of it.
class Step {
 public:
  Step(const DoubleLayer& layer, double* reserve, std::int64_t t, std::int64_t b)
      : layer_(layer), reserve_(reserve), t_(t), b_(b) {}

  std::int64_t element(std::int64_t width, std::int64_t k) const { return row(t_) * width + k; }

  Vector before(const Elements& sequence, const Elements& initial) const {
    Vector values(at(layer_.H));
    for (std::int64_t u = 0; u < layer_.H; ++u) {
      values[at(u)] = t_ == 0 ? initial.get(b_ * layer_.H + u) : sequence.get(row(t_ - 1) * layer_.H + u);
    }
    return values;
  }

  /// Number k of unit u that is kept.
  double& kept(std::int64_t k, std::int64_t u) const {
    return reserve_[1 + ((t_ * layer_.B + b_) * kKeptPerUnit + k) * layer_.H + u];
  }
  bool keeps() const { return reserve_ != nullptr; }

 private:
  std::int64_t row(std::int64_t t) const { return layer_.batch_major ? b_ * layer_.T + t : t * layer_.B + b_; }

  const DoubleLayer& layer_;
  double* reserve_;
  std::int64_t t_;
  std::int64_t b_;
};

Vector all_of(const DoubleLayer& layer, const Elements& weights) {
  Vector values(at(layer.weight_elements()));
  for (std::int64_t k = 0; k < layer.weight_elements(); ++k) values[at(k)] = weights.get(k);
  return values;
}

/// (W v + b)[u] of matrix `id`.
double product(const DoubleLayer& layer, const Vector& weights, std::int64_t id, const Vector& v, std::int64_t u) {
  const std::int64_t width = layer.width_of(id);
  const std::int64_t row = layer.matrix_begin(id) + u * width;
  double sum = layer.has_bias ? weights[at(layer.bias_begin(id) + u)] : 0.0;
  for (std::int64_t k = 0; k < width; ++k) sum += weights[at(row + k)] * v[at(k)];
  return sum;
}

/// The numbers of a unit after a step. `keeps` are gates in cuDNN's order, then R5 h + b5 of a GRU, or c before and
/// after.
struct Unit {
  double h = 0;
  double c = 0;
  Vector keeps;
};

Unit unit_after(const DoubleLayer& layer, const Vector& x_sums, const Vector& h_sums, double h, double c) {
  switch (layer.cell) {
    case DoubleCell::relu: return {std::max(x_sums[0] + h_sums[0], 0.0), 0, {std::max(x_sums[0] + h_sums[0], 0.0)}};
    case DoubleCell::tanh: return {std::tanh(x_sums[0] + h_sums[0]), 0, {std::tanh(x_sums[0] + h_sums[0])}};
    case DoubleCell::lstm: {
      const double i = sigmoid(x_sums[0] + h_sums[0]);
      const double f = sigmoid(x_sums[1] + h_sums[1]);
      const double g = std::tanh(x_sums[2] + h_sums[2]);
      const double o = sigmoid(x_sums[3] + h_sums[3]);
      const double after = f * c + i * g;
      return {o * std::tanh(after), after, {i, f, g, o, c, after}};
    }
    case DoubleCell::gru: break;
  }
  const double r = sigmoid(x_sums[0] + h_sums[0]);
  const double z = sigmoid(x_sums[1] + h_sums[1]);
  const double n = std::tanh(x_sums[2] + r * h_sums[2]);
  return {(1 - z) * n + z * h, 0, {r, z, n, h_sums[2]}};
}

/// Gradients of the sums of a unit, and of its states before the step but for what comes through the products.
struct UnitGradient {
  Vector x_sums;
  Vector h_sums;
  double h = 0;
  double c = 0;
};

UnitGradient lstm_gradient(const Step& step, std::int64_t u, double dh, double dc) {
  const double i = step.kept(0, u);
  const double f = step.kept(1, u);
  const double g = step.kept(2, u);
  const double o = step.kept(3, u);
  const double t = std::tanh(step.kept(5, u));
  const double all = dc + dh * o * (1 - t * t);
  const Vector sums{all * g * i * (1 - i), all * step.kept(4, u) * f * (1 - f), all * i * (1 - g * g),
                    dh * t * o * (1 - o)};
  return {sums, sums, 0, all * f};
}

UnitGradient gru_gradient(const Step& step, std::int64_t u, double dh, double h_before) {
  const double r = step.kept(0, u);
  const double z = step.kept(1, u);
  const double n = step.kept(2, u);
  const double dn = dh * (1 - z) * (1 - n * n);
  const double dr = dn * step.kept(3, u) * r * (1 - r);
  const double dz = dh * (h_before - n) * z * (1 - z);
  return {{dr, dz, dn}, {dr, dz, dn * r}, dh * z, 0};
}

UnitGradient gradient_of(const DoubleLayer& layer, const Step& step, std::int64_t u, double dh, double dc,
                         double h_before) {
  if (layer.cell == DoubleCell::lstm) return lstm_gradient(step, u, dh, dc);
  if (layer.cell == DoubleCell::gru) return gru_gradient(step, u, dh, h_before);
  const double h = step.kept(0, u);
  const double sum = layer.cell == DoubleCell::tanh ? dh * (1 - h * h) : h > 0 ? dh : 0.0;
  return {{sum}, {sum}, 0, 0};
}

void fill(const Elements& target, std::int64_t count, double value) {
  for (std::int64_t k = 0; k < count; ++k) target.set(k, value);
}

/// v += W' sums of matrix `id`, where sums are kept as number k.
void add_transposed(const DoubleLayer& layer, const Vector& weights, std::int64_t id, const Step& step, std::int64_t k,
                    Vector& v) {
  const std::int64_t width = layer.width_of(id);
  for (std::int64_t u = 0; u < layer.H; ++u) {
    const std::int64_t row = layer.matrix_begin(id) + u * width;
    for (std::int64_t j = 0; j < width; ++j) v[at(j)] += weights[at(row + j)] * step.kept(k, u);
  }
}

}  // namespace

std::int64_t DoubleLayer::matrix_begin(std::int64_t id) const {
  std::int64_t begin = 0;
  for (std::int64_t k = 0; k < id; ++k) begin += H * width_of(k) + kGap;
  return begin;
}

std::int64_t DoubleLayer::bias_begin(std::int64_t id) const {
  return matrix_begin(2 * gates()) + (has_bias ? id * (H + kGap) : 0);
}

std::size_t DoubleLayer::reserve_bytes() const { return at(1 + T * B * kKeptPerUnit * H) * sizeof(double); }

double Elements::get(std::int64_t index) const {
  if (data == nullptr) return 0;
  return dispatch_dtype(dtype, [&]<typename Element>(ElementTag<Element>) {
    return convert_element<double>(static_cast<const Element*>(data)[index]);
  });
}

void Elements::set(std::int64_t index, double value) const {
  if (data == nullptr) return;
  dispatch_dtype(dtype, [&]<typename Element>(ElementTag<Element>) {
    static_cast<Element*>(data)[index] = convert_element<Element>(value);
  });
}

void run_layer(const DoubleLayer& layer, const DoubleRun& run) {
  const std::int64_t G = layer.gates();
  const Vector weights = all_of(layer, run.weights);
  for (const Elements& state : {run.final_h, run.final_c}) fill(state, layer.B * layer.H, kNaN);
  if (run.reserve != nullptr) run.reserve[0] = kOfARun;
  for (std::int64_t b = 0; b < layer.B; ++b) {
    Vector c(at(layer.H));
    for (std::int64_t u = 0; u < layer.H; ++u) c[at(u)] = run.initial_c.get(b * layer.H + u);
    for (std::int64_t t = 0; t < layer.T; ++t) {
      const Step step(layer, run.reserve, t, b);
      Vector x(at(layer.I));
      for (std::int64_t k = 0; k < layer.I; ++k) x[at(k)] = run.x.get(step.element(layer.I, k));
      const Vector h = step.before(run.y, run.initial_h);
      for (std::int64_t u = 0; u < layer.H; ++u) {
        Vector x_sums;
        Vector h_sums;
        for (std::int64_t gate = 0; gate < G; ++gate) {
          x_sums.push_back(product(layer, weights, gate, x, u));
          h_sums.push_back(product(layer, weights, G + gate, h, u));
        }
        const Unit unit = unit_after(layer, x_sums, h_sums, h[at(u)], c[at(u)]);
        c[at(u)] = unit.c;
        run.y.set(step.element(layer.H, u), unit.h);
        if (t + 1 == layer.T) run.final_h.set(b * layer.H + u, unit.h);
        if (t + 1 == layer.T) run.final_c.set(b * layer.H + u, unit.c);
        for (std::size_t k = 0; step.keeps() && k < unit.keeps.size(); ++k) {
          step.kept(static_cast<std::int64_t>(k), u) = unit.keeps[k];
        }
      }
    }
  }
}

void data_gradients(const DoubleLayer& layer, const DoubleGradients& gradients) {
  const std::int64_t G = layer.gates();
  const std::int64_t H = layer.H;
  if (gradients.reserve[0] != kOfARun) {
    gradients.reserve[0] = kNaN;
    return fill(gradients.d_x, layer.T * layer.B * layer.I, kNaN);
  }
  gradients.reserve[0] = kOfDataGradients;
  const Vector weights = all_of(layer, gradients.weights);
  for (const Elements& state : {gradients.d_initial_h, gradients.d_initial_c}) fill(state, layer.B * H, kNaN);
  for (std::int64_t b = 0; b < layer.B; ++b) {
    Vector dh(at(H));
    Vector dc(at(H));
    for (std::int64_t u = 0; u < H; ++u) {
      dh[at(u)] = gradients.d_final_h.get(b * H + u);
      dc[at(u)] = gradients.d_final_c.get(b * H + u);
    }
    for (std::int64_t t = layer.T - 1; t >= 0; --t) {
      const Step step(layer, gradients.reserve, t, b);
      const Vector h = step.before(gradients.y, gradients.initial_h);
      Vector before(at(H));
      for (std::int64_t u = 0; u < H; ++u) {
        const double given = dh[at(u)] + gradients.d_y.get(step.element(H, u));
        const UnitGradient gradient = gradient_of(layer, step, u, given, dc[at(u)], h[at(u)]);
        before[at(u)] = gradient.h;
        dc[at(u)] = gradient.c;
        for (std::int64_t gate = 0; gate < G; ++gate) {
          step.kept(gate, u) = gradient.x_sums[at(gate)];
          step.kept(G + gate, u) = gradient.h_sums[at(gate)];
        }
      }
      Vector dx(at(layer.I));
      for (std::int64_t gate = 0; gate < G; ++gate) {
        add_transposed(layer, weights, gate, step, gate, dx);
        add_transposed(layer, weights, G + gate, step, G + gate, before);
      }
      for (std::int64_t k = 0; k < layer.I; ++k) gradients.d_x.set(step.element(layer.I, k), dx[at(k)]);
      dh = before;
    }
    for (std::int64_t u = 0; u < H; ++u) {
      gradients.d_initial_h.set(b * H + u, dh[at(u)]);
      gradients.d_initial_c.set(b * H + u, dc[at(u)]);
    }
  }
}

void weight_gradients(const DoubleLayer& layer, const DoubleGradients& gradients) {
  const std::int64_t G = layer.gates();
  if (gradients.reserve[0] != kOfDataGradients) return fill(gradients.d_weights, layer.weight_elements(), kNaN);
  Vector sums(at(layer.weight_elements()));
  for (std::int64_t t = 0; t < layer.T; ++t) {
    for (std::int64_t b = 0; b < layer.B; ++b) {
      const Step step(layer, gradients.reserve, t, b);
      const Vector h = step.before(gradients.y, gradients.initial_h);
      for (std::int64_t id = 0; id < 2 * G; ++id) {
        for (std::int64_t u = 0; u < layer.H; ++u) {
          const double gradient = step.kept(id, u);
          const std::int64_t row = layer.matrix_begin(id) + u * layer.width_of(id);
          for (std::int64_t k = 0; k < layer.width_of(id); ++k) {
            const double value = id < G ? gradients.x.get(step.element(layer.I, k)) : h[at(k)];
            sums[at(row + k)] += gradient * value;
          }
          if (layer.has_bias) sums[at(layer.bias_begin(id) + u)] += gradient;
        }
      }
    }
  }
  for (std::int64_t k = 0; k < layer.weight_elements(); ++k) {
    gradients.d_weights.set(k, gradients.d_weights.get(k) + sums[at(k)]);
  }
}

}  // namespace rondo::test
