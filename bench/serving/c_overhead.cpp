// What a call through the interface of C costs beyond the same call in C++, in the processor's time of this thread:
//
//   rondo_c_overhead FILE    with a network's file, such as examples/co2/co2_pytorch_names.safetensors
//
// Both step one row of one step, for which the library itself takes the least time. Rounds of both alternate.

#include <rondo_c.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <span>
#include <stdexcept>
#include <vector>

#include "program/statistics.h"
#include "rondo/formats/load_network.h"
#include "rondo/serving/state_pool.h"

namespace {

using namespace rondo;

constexpr int kRounds = 41;
constexpr int kCalls = 20'000;  // of a round

void check(rondo_status status) {
  if (status != RONDO_OK) throw std::runtime_error(rondo_last_error());
}

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Nanoseconds of a call.
template <typename Call>
double nanoseconds_of(const Call& call) {
  const double begin = thread_seconds();
  for (int k = 0; k < kCalls; ++k) call();
  return 1e9 * (thread_seconds() - begin) / kCalls;
}

template <typename InCpp, typename InC>
void compare(const char* name, const InCpp& in_cpp, const InC& in_c) {
  std::vector<double> cpp_times, c_times, differences;
  for (int round = 0; round <= kRounds; ++round) {
    const double cpp_time = nanoseconds_of(in_cpp);
    const double c_time = nanoseconds_of(in_c);
    if (round == 0) continue;  // caches and clocks settle
    cpp_times.push_back(cpp_time);
    c_times.push_back(c_time);
    differences.push_back(c_time - cpp_time);
  }
  const bench::Spread difference = bench::spread_of(differences);
  std::printf("| %s | %.0f | %.0f | **%.0f** (%.0f to %.0f) |\n", name, bench::spread_of(cpp_times).median,
              bench::spread_of(c_times).median, difference.median, difference.p10, difference.p90);
}

/// A row of floats, as both interfaces take it.
struct Row {
  explicit Row(std::int64_t features) : values(static_cast<std::size_t>(features), 0.1F), shape{1, 1, features} {
    check(rondo_dl_view(values.data(), 3, shape.data(), &step));
    check(rondo_dl_view(values.data(), 2, shape.data() + 1, &row));
  }

  std::vector<float> values;
  std::array<std::int64_t, 3> shape;
  rondo_dl_tensor step{};  ///< (T, B, features)
  rondo_dl_tensor row{};   ///< (N, features)
};

rondo_plan_options one_thread() {
  rondo_plan_options options{};
  options.struct_size = sizeof options;
  options.threads = 1;
  return options;
}

void compare_sessions(const LoadedNetwork& network, rondo_network* c_network, Row& x, Row& y) {
  NetworkSession session = network.session({.T = 1, .B = 1}, {.threads = 1});
  const NetworkTensors tensors{.x = Tensor::borrow(std::span<float>(x.values), {1, 1, network.input_features()}),
                               .y = Tensor::borrow(std::span<float>(y.values), {1, 1, network.output_features()})};
  rondo_run_sizes sizes{};
  sizes.struct_size = sizeof sizes;
  sizes.T = sizes.B = 1;
  const rondo_plan_options plan = one_thread();
  rondo_session* c_session = nullptr;
  check(rondo_network_session(c_network, &sizes, &plan, &c_session));
  rondo_run run{};
  run.struct_size = sizeof run;
  run.x = &x.step;
  run.y = &y.step;
  compare(
      "a step of a session", [&] { session.run(tensors); }, [&] { check(rondo_session_run(c_session, &run)); });
  check(rondo_session_close(c_session));
}

void compare_pools(const LoadedNetwork& network, rondo_network* c_network, Row& x, Row& y) {
  StatePool pool(network, {.slots = 1, .max_rows = 1, .network = {.threads = 1}});
  const StreamChunk chunk{.slot = pool.open()};
  const Tensor x_row = Tensor::borrow(std::span<float>(x.values), {1, network.input_features()});
  const Tensor y_row = Tensor::borrow(std::span<float>(y.values), {1, network.output_features()});
  const rondo_plan_options plan = one_thread();
  rondo_pool_options options{};
  options.struct_size = sizeof options;
  options.slots = options.max_rows = 1;
  options.plan = &plan;
  rondo_pool* c_pool = nullptr;
  check(rondo_pool_create(c_network, &options, &c_pool));
  rondo_stream_chunk c_chunk{};
  c_chunk.struct_size = sizeof c_chunk;
  check(rondo_pool_open_slot(c_pool, &c_chunk.slot));
  compare(
      "a step of a pool", [&] { pool.run(std::span(&chunk, 1), x_row, y_row); },
      [&] { check(rondo_pool_run(c_pool, &c_chunk, 1, &x.row, &y.row)); });
  check(rondo_pool_close(c_pool));
}

void compare_both(const char* file) {
  const LoadedNetwork network = load_network(file);
  rondo_network* c_network = nullptr;
  check(rondo_network_load(file, nullptr, &c_network));
  Row x(network.input_features());
  Row y(network.output_features());
  std::puts("| call | C++, ns | C, ns | C beyond C++, ns |\n|---|---|---|---|");
  compare_sessions(network, c_network, x, y);
  compare_pools(network, c_network, x, y);
  check(rondo_network_close(c_network));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("arguments: expected the file of a network");
  compare_both(argv[1]);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
