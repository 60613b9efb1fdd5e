#include "program/problem.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>

#include "program/random_tensors.h"

namespace rondo::bench {
namespace {

constexpr std::size_t kMostSets = 4;
constexpr std::size_t kUnknownCache = std::size_t{64} << 20;  // assumed for a CPU, which is not asked for its caches

// Booleans (T, B), each true with this probability.
Tensor random_marks(double probability, const Point& point, std::mt19937_64& engine, Device device) {
  const Tensor marks = Tensor::empty({point.T, point.B}, DType::boolean);
  std::bernoulli_distribution is_true(probability);
  for (std::int64_t i = 0; i < marks.numel(); ++i) marks.data<bool>()[i] = is_true(engine);
  return marks.to(device);
}

std::vector<std::int32_t> random_lengths(const Point& point, std::mt19937_64& engine) {
  const auto longest = static_cast<std::int32_t>(point.T);
  std::uniform_int_distribution<std::int32_t> length(std::max(1, longest / 4), longest);
  std::vector<std::int32_t> lengths(static_cast<std::size_t>(point.B));
  for (std::int32_t& each : lengths) each = length(engine);
  lengths.front() = longest;  // a batch is padded to its longest row
  return lengths;
}

SessionTensors make_packed_set(const Point& point, const RecurrenceSpec& spec, RandomTensors& random) {
  const std::vector<std::int32_t> lengths = random_lengths(point, random.engine());
  std::vector<std::int32_t> sizes;
  for (std::int32_t t = 0; t < point.T; ++t) {
    sizes.push_back(static_cast<std::int32_t>(std::ranges::count_if(lengths, [t](auto length) { return length > t; })));
  }
  const std::int64_t rows = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  return {.x = random({rows, point.I}, 1.0),
          .y = Tensor::empty({rows, point.H()}, spec.dtype, spec.device),
          .batch_sizes = Tensor::from(sizes, {point.T}, spec.device)};
}

SessionTensors make_set(const Point& point, const RecurrenceSpec& spec, RandomTensors& random) {
  if (spec.packed) return make_packed_set(point, spec, random);
  const bool batch_major = point.variant == Variant::batch_major;
  SessionTensors set;
  set.x =
      batch_major ? random({point.B, point.T, point.I}, 1.0).swap_axes(0, 1) : random({point.T, point.B, point.I}, 1.0);
  if (spec.has_mask) set.mask = random_marks(0.8, point, random.engine(), spec.device);
  if (spec.has_resets) set.resets = random_marks(0.05, point, random.engine(), spec.device);
  if (spec.has_lengths) set.lengths = Tensor::from(random_lengths(point, random.engine()), {point.B}, spec.device);
  if (point.variant == Variant::last_output) {
    set.last_output = Tensor::empty({point.B, point.H()}, spec.dtype, spec.device);
  } else if (batch_major) {
    set.y = Tensor::empty({point.B, point.T, point.H()}, spec.dtype, spec.device).swap_axes(0, 1);
  } else {
    set.y = Tensor::empty({point.T, point.B, point.H()}, spec.dtype, spec.device);
  }
  return set;
}

std::size_t set_count(const Point& point, const DeviceProperties& device) {
  const std::size_t cache = device.l2_bytes == 0 ? kUnknownCache : device.l2_bytes;
  const double set_bytes = static_cast<double>(point.T * point.B * (point.I + point.H())) *
                           static_cast<double>(size_of(point.arithmetic.dtype));
  const double needed = std::ceil(2.0 * static_cast<double>(cache) / set_bytes);
  return static_cast<std::size_t>(std::clamp(needed, 1.0, static_cast<double>(kMostSets)));
}

}  // namespace

Problem make_problem(const Point& point, const DeviceProperties& device, std::uint64_t seed) {
  Problem problem{.spec = point.spec(device.device), .weights = {}, .sets = {}};
  RandomTensors random(seed, point.arithmetic, device.device);
  const std::int64_t columns = gate_count(point.cell.kind) * point.H();
  const double scale = 1.0 / std::sqrt(static_cast<double>(point.H()));
  problem.weights = {random({point.I, columns}, scale), random({point.H(), columns}, scale)};
  const bool two_biases = bias_rows(point.cell) == 2;
  problem.weights.bias = random(two_biases ? Shape{2, columns} : Shape{columns}, scale);
  if (point.cell.use_peepholes) problem.weights.peepholes = random({3, point.H()}, scale);
  for (std::size_t k = set_count(point, device); k > 0; --k) {
    problem.sets.push_back(make_set(point, problem.spec, random));
  }
  return problem;
}

void poison(const SessionTensors& tensors) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (tensors.y) tensors.y->fill(nan);
  if (tensors.last_output) tensors.last_output->fill(nan);
}

std::vector<float> sample(const SessionTensors& tensors) {
  std::vector<Tensor> parts;
  if (tensors.last_output) parts.push_back(*tensors.last_output);
  if (tensors.y) {
    const std::int64_t T = tensors.y->size(0);
    for (const std::int64_t t : {std::int64_t{0}, T / 2, T - 1}) parts.push_back(tensors.y->select(0, t));
  }
  std::vector<float> numbers;
  for (const Tensor& part : parts) {
    const std::vector<float> some = part.contiguous().to(cpu()).to(DType::f32).to_vector<float>();
    numbers.insert(numbers.end(), some.begin(), some.end());
  }
  return numbers;
}

double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    norm += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  if (!std::isfinite(difference) || !std::isfinite(norm)) return std::numeric_limits<double>::infinity();
  return difference == 0.0 ? 0.0 : std::sqrt(difference / norm);
}

}  // namespace rondo::bench
