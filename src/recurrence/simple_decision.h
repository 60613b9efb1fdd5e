/// Decisions of executors that need nothing but the request for making a runner.
#pragma once

#include <memory>
#include <utility>

#include "recurrence/executor.h"

namespace rondo {

/// What a Decision tells, as data.
struct DecisionFacts {
  std::size_t workspace_bytes = 0;
  std::optional<double> predicted_ns = std::nullopt;
  bool may_stall = false;
};

/// A decision whose `make(request)` returns a pointer to a runner.
template <typename Make>
class SimpleDecision final : public Decision {
 public:
  SimpleDecision(const DecisionFacts& facts, Make make) : facts_(facts), make_(std::move(make)) {}

  std::size_t workspace_bytes() const override { return facts_.workspace_bytes; }
  std::optional<double> predicted_ns() const override { return facts_.predicted_ns; }
  bool may_stall() const override { return facts_.may_stall; }
  MadeRunner make_runner(const RunnerRequest& request) const override {
    return {.runner = make_(request), .workspace_bytes = facts_.workspace_bytes};
  }

 private:
  const DecisionFacts facts_;
  const Make make_;
};

template <typename Make>
std::shared_ptr<const Decision> make_decision(const DecisionFacts& facts, Make make) {
  return std::make_shared<SimpleDecision<Make>>(facts, std::move(make));
}

/// A backward decision whose `make(request)` returns a pointer to a runner.
template <typename Make>
class SimpleBackwardDecision final : public BackwardDecision {
 public:
  SimpleBackwardDecision(std::size_t workspace_bytes, Make make)
      : workspace_bytes_(workspace_bytes), make_(std::move(make)) {}

  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  MadeBackwardRunner make_runner(const RunnerRequest& request) const override { return {.runner = make_(request)}; }

 private:
  const std::size_t workspace_bytes_;
  const Make make_;
};

template <typename Make>
std::shared_ptr<const BackwardDecision> make_backward_decision(std::size_t workspace_bytes, Make make) {
  return std::make_shared<SimpleBackwardDecision<Make>>(workspace_bytes, std::move(make));
}

/// A backward decision whose runner is made from the request alone.
template <typename AnyRunner>
std::shared_ptr<const BackwardDecision> backward_decision_for(std::size_t workspace_bytes) {
  return make_backward_decision(workspace_bytes,
                                [](const RunnerRequest& request) { return std::make_unique<AnyRunner>(request); });
}

/// A decision whose runner is made from the request alone.
template <typename AnyRunner>
std::shared_ptr<const Decision> decision_for(const DecisionFacts& facts) {
  return make_decision(facts, [](const RunnerRequest& request) { return std::make_unique<AnyRunner>(request); });
}

}  // namespace rondo
