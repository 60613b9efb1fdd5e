#include "device/cudnn/double/layer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "device/cudnn/double/step.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kGap = 3;  // elements between matrices
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double sigmoid(double value) { return 1 / (1 + std::exp(-value)); }

/// (W v + b)[u] of matrix `id`.
double product(const DoubleLayer& layer, const DoubleVector& weights, std::int64_t id, const DoubleVector& v,
               std::int64_t u) {
  const std::int64_t width = layer.width_of(id);
  const std::int64_t row = layer.matrix_begin(id) + u * width;
  double sum = layer.has_bias ? weights[at(layer.bias_begin(id) + u)] : 0.0;
  for (std::int64_t k = 0; k < width; ++k) sum += weights[at(row + k)] * v[at(k)];
  return sum;
}

/// The numbers of a unit after a step, and what is kept: gates in cuDNN's order, then R5 h + b5 of a GRU, or c before
/// and after.
struct Unit {
  double h = 0;
  double c = 0;
  DoubleVector kept;
};

Unit unit_after(const DoubleLayer& layer, const DoubleVector& x_sums, const DoubleVector& h_sums, double h, double c) {
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

/// Runs one row through all steps.
class Row {
 public:
  Row(const DoubleLayer& layer, const DoubleRun& run, const DoubleVector& weights, std::int64_t b)
      : layer_(layer), run_(run), weights_(weights), b_(b) {
    for (std::int64_t u = 0; u < layer.H; ++u) c_.push_back(run.initial_c.get(b * layer.H + u));
  }

  void take(std::int64_t t) {
    const DoubleStep step(layer_, run_.reserve, t, b_);
    const DoubleVector x = step.values(run_.x, layer_.I);
    const DoubleVector h = step.before(run_.y, run_.initial_h);
    for (std::int64_t u = 0; u < layer_.H; ++u) {
      const Unit unit = unit_after(layer_, sums(0, x, u), sums(layer_.gates(), h, u), h[at(u)], c_[at(u)]);
      c_[at(u)] = unit.c;
      run_.y.set(step.element(layer_.H, u), unit.h);
      if (t + 1 == layer_.T) run_.final_h.set(b_ * layer_.H + u, unit.h);
      if (t + 1 == layer_.T) run_.final_c.set(b_ * layer_.H + u, unit.c);
      for (std::size_t k = 0; step.keeps() && k < unit.kept.size(); ++k) {
        step.kept(static_cast<std::int64_t>(k), u) = unit.kept[k];
      }
    }
  }

 private:
  DoubleVector sums(std::int64_t first_id, const DoubleVector& v, std::int64_t u) const {
    DoubleVector sums;
    for (std::int64_t gate = 0; gate < layer_.gates(); ++gate) {
      sums.push_back(product(layer_, weights_, first_id + gate, v, u));
    }
    return sums;
  }

  const DoubleLayer& layer_;
  const DoubleRun& run_;
  const DoubleVector& weights_;
  std::int64_t b_;
  DoubleVector c_;
};

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

DoubleVector DoubleStep::values(const Elements& sequence, std::int64_t width) const {
  DoubleVector values;
  for (std::int64_t k = 0; k < width; ++k) values.push_back(sequence.get(element(width, k)));
  return values;
}

DoubleVector DoubleStep::before(const Elements& y, const Elements& initial) const {
  DoubleVector values;
  for (std::int64_t u = 0; u < layer_.H; ++u) {
    values.push_back(t_ == 0 ? initial.get(b_ * layer_.H + u) : y.get(row(t_ - 1) * layer_.H + u));
  }
  return values;
}

DoubleVector all_of(const DoubleLayer& layer, const Elements& weights) {
  DoubleVector values;
  for (std::int64_t k = 0; k < layer.weight_elements(); ++k) values.push_back(weights.get(k));
  return values;
}

void fill(const Elements& target, std::int64_t count, double value) {
  for (std::int64_t k = 0; k < count; ++k) target.set(k, value);
}

void run_layer(const DoubleLayer& layer, const DoubleRun& run) {
  const DoubleVector weights = all_of(layer, run.weights);
  for (const Elements& state : {run.final_h, run.final_c}) fill(state, layer.B * layer.H, kNaN);
  if (run.reserve != nullptr) run.reserve[0] = kOfARun;
  for (std::int64_t b = 0; b < layer.B; ++b) {
    Row row(layer, run, weights, b);
    for (std::int64_t t = 0; t < layer.T; ++t) row.take(t);
  }
}

}  // namespace rondo::test
