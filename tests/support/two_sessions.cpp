#include "support/two_sessions.h"

#include <gtest/gtest.h>

#include <limits>

#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t B = 16;

RecurrenceSpec spec_of(Device device, std::int64_t units, std::int64_t T) {
  return {.cell = {.kind = CellKind::lstm, .units = units},
          .T = T,
          .B = B,
          .I = units,
          .dtype = DType::f16,
          .device = device};
}

}  // namespace

TwoSessions::TwoSessions(Device device, std::int64_t units, std::int64_t T) {
  const RecurrenceSpec spec = spec_of(device, units, T);
  const Plan plan = Plan::create(spec, {.executor = "cuda_grid", .graph_use = GraphUse::never});
  for (std::size_t k = 0; k < 2; ++k) {
    Random random(k + 1);
    const auto on_device = [&](const Shape& shape, double scale) {
      return random.tensor(shape, scale).to(DType::f16).to(device);
    };
    const RecurrentWeights weights{on_device({units, 4 * units}, 0.05), on_device({units, 4 * units}, 0.05),
                                   on_device({4 * units}, 0.5)};
    tensors_[k] = {.x = on_device({T, B, units}, 1.0), .y = Tensor::empty({T, B, units}, DType::f16, device)};
    synchronize(current_stream(device));
    streams_[k] = std::make_unique<cuda_runtime::OwnedStream>(device);
    sessions_[k] = std::make_unique<Session>(plan, weights, stream(k));
    sessions_[k]->run(tensors_[k]);
    alone_[k] = result(k);
    EXPECT_FALSE(sessions_[k]->finish().stalled) << "session " << k << " alone";
  }
}

void TwoSessions::run_both(const std::function<void(std::size_t)>& after) {
  for (std::size_t k = 0; k < 2; ++k) {
    sessions_[k]->run(tensors_[k]);
    if (after) after(k);
  }
}

cuda_runtime::Graph TwoSessions::record_both(const std::function<void(std::size_t)>& after) {
  wait();
  return cuda_runtime::Graph::record(stream(0), [&] {
    cuda_runtime::make_wait(stream(1), stream(0));
    run_both(after);
    cuda_runtime::make_wait(stream(0), stream(1));
  });
}

void TwoSessions::poison() const {
  for (std::size_t k = 0; k < 2; ++k) {
    const StreamScope scope(stream(k));
    tensors_[k].y->fill(std::numeric_limits<double>::quiet_NaN());
  }
  wait();
}

void TwoSessions::expect_as_alone() {
  wait();
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_FALSE(sessions_[k]->finish().stalled) << "session " << k;
    EXPECT_TRUE(identical(result(k), alone_[k])) << "session " << k;
  }
}

Tensor TwoSessions::result(std::size_t k) const {
  const StreamScope scope(stream(k));
  return tensors_[k].y->to(cpu());
}

void TwoSessions::wait() const {
  for (std::size_t k = 0; k < 2; ++k) synchronize(stream(k));
}

}  // namespace rondo::test
