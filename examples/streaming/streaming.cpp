// A stream of audio frames through a stack of two GRUs, one frame at a time, as voice detection and noise suppression
// run: every 10 ms a frame of 64 features arrives, and its answer must be there before the next frame.
//
//   streaming [FRAMES]     the number of frames, 2000 by default
//
// Prints the latency of a frame: half of the frames take less than p50, 99 of 100 less than p99. Features and weights
// are random, because the time of a frame does not depend on them.

#include <rondo/rondo.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

constexpr std::int64_t kFeatures = 64;
constexpr std::int64_t kUnits = 128;
constexpr double kFrameMilliseconds = 10;

std::mt19937 generator(1);

rondo::Tensor random_tensor(const rondo::Shape& shape, float scale) {
  std::uniform_real_distribution<float> uniform(-scale, scale);
  rondo::Tensor tensor = rondo::Tensor::empty(shape, rondo::DType::f32);
  std::generate_n(tensor.data<float>(), tensor.numel(), [&] { return uniform(generator); });
  return tensor;
}

std::shared_ptr<rondo::Cell> gru(std::int64_t inputs) {
  const float scale = 1.0F / std::sqrt(static_cast<float>(kUnits));
  return std::make_shared<rondo::GRUCell>(
      rondo::GRUCellOptions{.units = kUnits},
      rondo::RecurrentWeights{.kernel = random_tensor({inputs, 3 * kUnits}, scale),
                              .recurrent_kernel = random_tensor({kUnits, 3 * kUnits}, scale),
                              .bias = random_tensor({2, 3 * kUnits}, scale)});
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int count, char** arguments) {
  const int frames = count > 1 ? std::atoi(arguments[1]) : 2000;
  if (frames < 1) {
    std::fprintf(stderr, "streaming: got %s frames, expected 1 or more\n", arguments[1]);
    return 1;
  }
  const rondo::RNN model({gru(kFeatures), gru(kUnits)});
  const rondo::PlanOptions one_thread = {.threads = 1};
  rondo::States stream;  // empty: the stream begins
  std::vector<double> milliseconds;
  float loudest = 0;
  for (int frame = 0; frame < frames; ++frame) {
    const rondo::Tensor features = random_tensor({1, kFeatures}, 1.0F);
    const auto begin = std::chrono::steady_clock::now();
    const rondo::Tensor answer = model.step(features, stream, one_thread);
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
    milliseconds.push_back(taken.count());
    for (const float output : answer.to_vector<float>()) loudest = std::max(loudest, std::abs(output));
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const double p50 = percentile(milliseconds, 0.5);
  const double p99 = percentile(milliseconds, 0.99);
  std::printf("%d frames of %.0f ms, largest output %.3f\n", frames, kFrameMilliseconds, static_cast<double>(loudest));
  std::printf("p50 %.4f ms, p99 %.4f ms: %.3f %% and %.3f %% of the time between frames\n", p50, p99,
              100 * p50 / kFrameMilliseconds, 100 * p99 / kFrameMilliseconds);
  return 0;
}
