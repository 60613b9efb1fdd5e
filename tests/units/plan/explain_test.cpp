// A plan's questions to executors, and its use of their answers. This program replaces the list of executors.

#include <gtest/gtest.h>

#include <array>

#include "plan/executor_list.h"
#include "recurrence/simple_decision.h"
#include "rondo/plan/plan.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

RecurrenceSpec small_lstm() { return {.cell = {.kind = CellKind::lstm, .units = 4}, .T = 3, .B = 2, .I = 5}; }

class NoRunner final : public Runner {
 public:
  NoRunner() = default;
  explicit NoRunner(const RunnerRequest&) {}
  void run(const RecurrenceBuffers&, void*) override {}
};

/// An executor that describes the properties in one line for each processor, and keeps the request for a runner.
class Teller final : public Executor {
 public:
  std::string_view name() const override { return "teller"; }
  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    if (properties.clusters.most_blocks() == 0) return Refusal{"it needs clusters"};
    ++decisions();
    return std::make_shared<Told>(spec, properties);
  }

  static DeviceProperties& request_properties() {
    static DeviceProperties properties;
    return properties;
  }
  static int& decisions() {
    static int count = 0;
    return count;
  }

 private:
  class Told final : public Decision {
   public:
    Told(const RecurrenceSpec& spec, const DeviceProperties& properties) : spec_(spec), properties_(properties) {}

    std::size_t workspace_bytes() const override { return static_cast<std::size_t>(spec_.B * properties_.processors); }
    std::string describe() const override {
      std::string text;
      for (int k = 0; k < properties_.processors; ++k) {
        text += "processor " + std::to_string(k) + " of " + properties_.name +
                ": H=" + std::to_string(spec_.cell.units) + "\n";
      }
      return text;
    }
    MadeRunner make_runner(const RunnerRequest& request) const override {
      request_properties() = request.properties;
      return {.runner = std::make_unique<NoRunner>(), .workspace_bytes = workspace_bytes()};
    }

   private:
    const RecurrenceSpec spec_;
    const DeviceProperties properties_;
  };
};

class Silent final : public Executor {
 public:
  std::string_view name() const override { return "silent"; }
  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (spec.B > kMostRows) return Refusal{"B is above 100"};
    return decision_for<NoRunner>({.workspace_bytes = 8});
  }

  static constexpr std::int64_t kMostRows = 100;
};

/// Accepts everything, and is asked by name alone.
class Willing final : public Executor {
 public:
  std::string_view name() const override { return "willing"; }
  Answer decide(const RecurrenceSpec&, const DeviceProperties&) const override {
    return decision_for<NoRunner>({.workspace_bytes = 16});
  }
};

RecurrentWeights weights_of_small_lstm() {
  return {Tensor::zeros({5, 16}, DType::f32), Tensor::zeros({4, 16}, DType::f32), Tensor::zeros({16}, DType::f32)};
}

DeviceProperties two_processors() { return {.processors = 2, .name = "a machine", .clusters = {.of_16 = 1}}; }

TEST(Explain, SaysWhatTheExecutorSays) {
  const Plan plan = Plan::create(small_lstm(), two_processors());
  EXPECT_EQ(plan.workspace_bytes(), 4U);
  EXPECT_EQ(plan.explain(),
            "lstm H=4 I=5 T=3 B=2 f32, on cpu\n"
            "  teller runs it, with a workspace of 4 bytes\n"
            "    processor 0 of a machine: H=4\n"
            "    processor 1 of a machine: H=4");
}

TEST(Explain, HasNoLinesForAnExecutorThatSaysNothing) {
  const Plan plan = Plan::create(small_lstm(), {.processors = 2, .name = "a machine"});
  EXPECT_EQ(plan.explain(),
            "lstm H=4 I=5 T=3 B=2 f32, on cpu\n"
            "  teller declined: it needs clusters\n"
            "  silent runs it, with a workspace of 8 bytes");
}

TEST(Plan, IsRefusedWithAllReasonsAndNotGivenToAnExecutorByName) {
  RecurrenceSpec spec = small_lstm();
  spec.B = Silent::kMostRows + 1;
  const DeviceProperties properties{.processors = 2, .name = "a machine"};
  test::expect_error<ValueError>([&] { (void)Plan::create(spec, properties); },
                                 "no executor accepts lstm H=4 I=5 T=3 B=101 f32, on cpu\n"
                                 "  teller declined: it needs clusters\n"
                                 "  silent declined: B is above 100");
  test::expect_error<ValueError>([&] { (void)Plan::create(spec, properties, {.executor = "silent"}); },
                                 "no executor accepts lstm H=4 I=5 T=3 B=101 f32, on cpu\n"
                                 "  silent declined: B is above 100");
  EXPECT_EQ(Plan::create(spec, properties, {.executor = "willing"}).executor_name(), "willing");
}

TEST(Plan, NamesTheExecutorsOfBothLists) {
  EXPECT_EQ(executor_names(), (std::vector<std::string>{"teller", "silent", "willing"}));
  test::expect_error<ValueError>([] { (void)Plan::create(small_lstm(), {.executor = "fastest"}); },
                                 "executor: got 'fastest', expected one of teller, silent, willing");
}

TEST(Plan, KeepsThePropertiesItWasMadeFor) {
  const Plan plan = Plan::create(small_lstm(), two_processors());
  EXPECT_EQ(plan.properties().processors, 2);
  EXPECT_EQ(plan.properties().name, "a machine");
  EXPECT_EQ(plan.properties().clusters.most_blocks(), 16);
  EXPECT_EQ(Plan::create(small_lstm()).properties().name, properties_of(cpu()).name);
}

TEST(Plan, AsksForADecisionOnce) {
  const int before = Teller::decisions();
  const Plan plan = Plan::create(small_lstm(), two_processors());
  (void)plan.explain();
  (void)plan.workspace_bytes();
  (void)plan.predicted_ns();
  const Plan copy = plan;  // NOLINT(performance-unnecessary-copy-initialization)
  const Session session(copy, weights_of_small_lstm());
  EXPECT_EQ(Teller::decisions(), before + 1);
}

TEST(Session, HandsThePropertiesOfThePlanToTheRunner) {
  Teller::request_properties() = {};
  const Session session(Plan::create(small_lstm(), two_processors()), weights_of_small_lstm());
  EXPECT_EQ(Teller::request_properties().processors, 2);
  EXPECT_EQ(Teller::request_properties().name, "a machine");
}

}  // namespace

// Instead of the library's.
ExecutorList executor_list(DeviceType) {
  static const Teller teller;
  static const Silent silent;
  static const Willing willing;
  static const std::array<const Executor*, 2> automatic{&teller, &silent};
  static const std::array<const Executor*, 1> by_name{&willing};
  return {.automatic = automatic, .by_name = by_name};
}

}  // namespace rondo
