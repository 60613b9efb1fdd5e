#include "int8_check.h"

#include <rondo/rondo.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "inputs.h"
#include "output.h"

namespace rondo::program {
namespace {

/// How far two tensors are from each other.
struct Distance {
  double relative = 0.0;  ///< the length of the difference, divided by that of what was expected
  double largest = 0.0;
};

Distance distance(const Tensor& came, const Tensor& expected) {
  const std::vector<double> actual = came.to(cpu()).to(DType::f64).to_vector<double>();
  const std::vector<double> wanted = expected.to(cpu()).to(DType::f64).to_vector<double>();
  Distance result;
  double length = 0.0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const double difference = actual[k] - wanted[k];
    result.relative += difference * difference;
    result.largest = std::max(result.largest, std::abs(difference));
    length += wanted[k] * wanted[k];
  }
  if (result.relative > 0.0) result.relative = std::sqrt(result.relative / length);
  return result;
}

NamedTensors answers(ModelChoice choice, const char* math, const std::vector<std::string>& inputs) {
  choice.math = math;
  const std::unique_ptr<Runnable> model = open_runnable(choice);
  const bool batch_first = choice.batch_first || model->inputs().front().sizes.starts_with("(B");
  return model->run(read_inputs(inputs, *model, batch_first));
}

/// Three digits, which are all that such a number says.
std::string in_words(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

}  // namespace

void print_int8_errors(const ModelChoice& choice, const std::vector<std::string>& inputs) {
  const NamedTensors expected = answers(choice, "strict", inputs);
  const NamedTensors came = answers(choice, "int8", inputs);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const Distance error = distance(came[k].tensor, expected[k].tensor);
    print_line("in 8 bits " + expected[k].name + " differs by " + in_words(error.relative) +
               " of its length, and at most by " + in_words(error.largest));
  }
}

}  // namespace rondo::program
