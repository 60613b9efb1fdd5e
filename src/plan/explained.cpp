#include "plan/explained.h"

#include <sstream>

#include "recurrence/reserve.h"

namespace rondo {
namespace {

std::string declined_lines(const std::vector<Planner::Data::Declined>& declined) {
  std::string text;
  for (const auto& [executor, refusal] : declined) text += "\n  " + executor + " declined: " + refusal.reason;
  return text;
}

std::string indented(const std::string& description) {
  std::string text;
  std::istringstream lines(description);
  for (std::string line; std::getline(lines, line);) text += "\n    " + line;
  return text;
}

// How long a reserve of its own layout is, only the device knows, which a plan does not touch.
std::string reserve_in_words(const Planner::Data& data) {
  if (data.executor->kept_layout() == KeptLayout::own) return "a reserve in a layout of its own";
  return "a reserve of " + std::to_string(reserve_layout(data.spec, data.spec.T * data.spec.B).bytes) + " bytes" +
         (swaps_reserve(data.spec) ? " in the host's memory" : "");
}

std::string backward_lines(const Planner::Data& data) {
  std::string text = "\n  gradients:" + declined_lines(data.backward_declined);
  if (data.backward == nullptr) return text;
  return text + "\n  " + std::string(data.backward_executor->name()) + " computes them, from " +
         reserve_in_words(data) + indented(data.backward->describe());
}

}  // namespace

std::string explained(const Planner::Data& data) {
  std::string text = to_string(data.spec) + declined_lines(data.declined);
  if (data.decision == nullptr) return text;
  text += "\n  " + std::string(data.executor->name()) + " runs it, with a workspace of " +
          std::to_string(data.decision->workspace_bytes()) + " bytes" + indented(data.decision->describe());
  return data.spec.keep == Keep::nothing ? text : text + backward_lines(data);
}

}  // namespace rondo
