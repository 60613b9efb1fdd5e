#include "agreement/golden/golden_executors.h"

#include <algorithm>
#include <map>
#include <set>

#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"
#include "support/executors.h"

namespace rondo::golden {
namespace {

std::map<std::string, int>& counts() {
  static std::map<std::string, int> cases;
  return cases;
}

// Whether a check passes the executor's name to a plan. A plan refuses a name that no executor has.
bool plans_what_is_asked(const CheckOn& check) {
  const std::string nobody = "executor_of_nobody";
  try {
    (void)check(nobody);
  } catch (const ValueError& error) {
    if (std::string(error.what()).find(nobody) != std::string::npos) return true;
    throw;
  }
  return false;
}

/// The executors that the plans choose.
std::set<std::string> own_choice(const PlannedWork& work) {
  std::set<std::string> names;
  for (const RecurrenceSpec& spec : work.specs) {
    names.insert(Plan::create(spec, {.never_waits = work.never_waits}).executor_name());
  }
  return names;
}

/// The executors' names that all plans accept.
std::vector<std::string> accepted_by_name(const PlannedWork& work) {
  std::vector<std::string> names = executor_names(work.specs.front().device);
  std::erase_if(names, [](const std::string& name) { return !is_asked(name); });
  for (const RecurrenceSpec& spec : work.specs) {
    const std::vector<std::string> of_spec = test::executors_for(spec, {.never_waits = work.never_waits});
    std::erase_if(names, [&](const std::string& name) { return std::ranges::find(of_spec, name) == of_spec.end(); });
  }
  return names;
}

}  // namespace

std::string on_executors(const PlannedWork& work, const CheckOn& check) {
  if (work.specs.empty()) return check("");
  if (!plans_what_is_asked(check)) {
    return check("") + (work.certain ? "an executor that is asked for reaches no plan\n" : "");
  }
  std::set<std::string> ran;
  std::string text;
  const auto run = [&](const std::string& executor, const std::string& described) {
    const std::string differences = check(executor);
    if (!differences.empty()) text += "on " + described + ": " + differences;
  };
  const std::set<std::string> choice = own_choice(work);
  if (std::ranges::all_of(choice, is_asked)) {
    run("", "the plan's own choice, " + *choice.begin());
    ran = choice;
  }
  for (const std::string& name : accepted_by_name(work)) {
    if (ran == std::set{name}) continue;  // the choice of all plans has run already
    run(name, name);
    ran.insert(name);
  }
  for (const std::string& name : ran) count_case(name);
  return text;
}

void count_case(const std::string& executor) { ++counts()[executor]; }

int cases_run_on(const std::string& executor) { return counts()[executor]; }

bool is_asked(const std::string& executor) { return !executor.starts_with("cudnn") && !test::is_left_out(executor); }

RecurrenceSpec spec_of_steps(const KnownCell& cell, std::int64_t T, std::int64_t B) {
  const Tensor& kernel = cell.weights().kernel;
  return {.cell = cell.spec(), .T = T, .B = B, .I = kernel.size(0), .dtype = kernel.dtype(), .device = kernel.device()};
}

}  // namespace rondo::golden
