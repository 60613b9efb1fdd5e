#include "program/truth.h"

#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
std::vector<std::string> trusted_executors(const Point& point, Device device) {
  if (device.type == DeviceType::cuda) return {"cuda_stepwise"};
  std::vector<std::string> executors{"cpu_fused"};
  if (is_short_for_reference(point)) executors.insert(executors.begin(), "reference");
  return executors;
}

bool is_short_for_reference(const Point& point) {
  constexpr double kMostFlops = 1e8;
  return point.flops() <= kMostFlops;
}

Truth find_truth(const Problem& problem, const Point& point, const DeviceProperties& device, Stream stream) {
  std::string reasons;
  for (const std::string& executor : trusted_executors(point, device.device)) {
    try {
      const Plan plan = Plan::create(problem.spec, device, {.executor = executor, .graph_use = GraphUse::never});
      Session session(plan, problem.weights, stream);
      poison(problem.sets[0]);
      session.run(problem.sets[0]);
      return {.output = sample(problem.sets[0]), .executor = executor};
    } catch (const Error& error) {
      reasons += std::string("\n  ") + executor + ": " + error.what();
    }
  }
  throw RuntimeError("no output to compare others with:" + reasons);
}

}  // namespace rondo::bench
