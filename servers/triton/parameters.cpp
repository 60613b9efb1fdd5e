#include "parameters.h"

#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

constexpr std::int64_t kMostThreads = 1024;
constexpr std::int64_t kMostSteps = 65536;

bool truth_of(const std::string& name, const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw ValueError(name, "'" + text + "'", "true or false");
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void read_parameter(const std::string& name, const std::string& text, Parameters& parameters) {
  const std::string place = "parameters '" + name + "'";
  if (name == "parts") {
    parameters.parts = parts_of(text);
  } else if (name == "weights") {
    parameters.weights = text;
  } else if (name == "activation") {
    parameters.activation = activation_from_name(text);
  } else if (name == "executor") {
    parameters.executor = text;
  } else if (name == "threads") {
    parameters.threads = static_cast<int>(integer_of(place, text, 0, kMostThreads));
  } else if (name == "max_steps") {
    parameters.max_steps = integer_of(place, text, 1, kMostSteps);
  } else if (name == "refuse_nan") {
    parameters.refuse_nan = truth_of(place, text);
  } else {
    throw ValueError("parameters", "'" + name + "'",
                     "parts, weights, activation, executor, threads, max_steps or refuse_nan");
  }
}

}  // namespace

Parameters read_parameters(const Json& parameters) {
  Parameters result;
  if (!parameters.is_object()) return result;
  for (const auto& entry : parameters.items())
    read_parameter(entry.key(), text_field(entry.value(), "string_value"), result);
  return result;
}

}  // namespace rondo::triton
