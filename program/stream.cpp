#include "stream.h"

#include <rondo/rondo.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "output.h"
#include "outputs.h"
#include "tensor_files.h"

namespace rondo::program {
namespace {

using nlohmann::json;

/// The numbers of one line.
struct Line {
  std::vector<double> values = {};
  bool is_json = false;
};

void add_numbers(const json& value, std::vector<double>& values, const std::string& where) {
  if (value.is_array()) {
    for (const json& one : value) {
      if (one.is_array() && !one.empty() && one.front().is_array())
        throw ValueError(where, one.dump(), "a list of numbers");
      add_numbers(one, values, where);
    }
  } else if (value.is_number()) {
    values.push_back(value.get<double>());
  } else {
    throw ValueError(where, value.dump(), "a number");
  }
}

Line parsed(const std::string& text, const std::string& where) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first != std::string::npos && text[first] == '[') {
    // Deeper nesting than a list of rows is refused before it is parsed, because the parser has no bound.
    const json value =
        std::count(text.begin(), text.end(), '[') > 1'000'000 ? json() : json::parse(text, nullptr, false);
    if (!value.is_array()) throw ValueError(where, "'" + text.substr(0, 40) + "'", "a JSON list of numbers");
    Line line{.is_json = true};
    add_numbers(value, line.values, where);
    return line;
  }
  Line line;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    std::string field = text.substr(begin, comma - begin);
    field.erase(0, field.find_first_not_of(" \t"));
    field.erase(field.find_last_not_of(" \t\r") + 1);
    const std::optional<double> number = number_of(field);
    if (!number) throw ValueError(where, "'" + field.substr(0, 40) + "'", "finite numbers with commas, or a JSON list");
    line.values.push_back(*number);
    begin = comma + 1;
  }
  return line;
}

std::string printed(const Tensor& tensor, bool is_json) {
  const std::vector<double> values = tensor.to(cpu()).to(DType::f64).to_vector<double>();
  const std::int64_t rows = is_json && tensor.rank() > 1 ? tensor.size(0) : 1;
  const std::size_t columns = rows == 0 ? 0 : values.size() / static_cast<std::size_t>(rows);
  std::string text;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (k > 0) text += is_json && k % columns == 0 ? "],[" : ",";
    text += text_of(values[k], tensor.dtype());
  }
  if (!is_json) return text;
  return rows > 1 ? "[[" + text + "]]" : "[" + text + "]";
}

/// A line is one time step of one input, and its answer is one output.
void check_one_of_each(const Runnable& model) {
  const auto check = [](const char* what, std::vector<Slot> slots) {
    std::erase_if(slots, [](const Slot& slot) { return !slot.required; });
    if (slots.size() != 1) throw ValueError("--stream", what + names_of(slots), "one input and one output");
  };
  check("a model with the inputs ", model.inputs());
  check("a model with the outputs ", model.outputs());
}

}  // namespace

void run_stream(const ModelChoice& choice) {
  const std::unique_ptr<Runnable> model = open_runnable(choice);
  check_one_of_each(*model);
  if (!model->remark().empty()) tell(model->remark());
  const std::int64_t features = model->step_features();
  const Shape step_shape = model->step_shape();
  std::unique_ptr<Stepper> stepper;
  std::int64_t B = 0;
  std::string text;
  for (std::int64_t number = 1; std::getline(std::cin, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = "standard input: line " + std::to_string(number);
    const Line line = parsed(text, where);
    const std::int64_t count = std::ssize(line.values);
    if (!stepper) {
      B = count / features;
      if (B == 0 || count % features != 0) {
        throw ValueError(where, std::to_string(count) + " numbers",
                         std::to_string(features) + " for each row of the batch");
      }
      stepper = model->stream(B);
    }
    if (count != B * features) {
      throw ValueError(where, std::to_string(count) + " numbers",
                       std::to_string(B * features) + ", as the first line has");
    }
    Shape shape = step_shape;
    shape[0] = B;
    print_line(printed(stepper->step(Tensor::from(line.values, shape).to(model->dtype())), line.is_json));
  }
}

}  // namespace rondo::program
