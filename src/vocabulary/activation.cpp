#include "rondo/vocabulary/activation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <sstream>
#include <string_view>

#include "rondo/vocabulary/error.h"
#include "vocabulary/activations/activate.h"
#include "vocabulary/activations/names.h"

namespace rondo {
namespace {

/// A formula as data.
struct Row {
  ActivationKind kind;
  std::string_view name;
  bool in_keras;
  int parameters;
  std::array<std::string_view, 3> parameter_names;
  std::array<double, 3> defaults;
};

template <typename... Formulas>
constexpr auto rows_of(formula::FormulaList<Formulas...>) {
  return std::array{Row{Formulas::kKind,
                        Formulas::kName,
                        Formulas::kInKeras,
                        Formulas::kParameters,
                        Formulas::kParameterNames,
                        {Formulas::kAlpha, Formulas::kBeta, Formulas::kGamma}}...};
}

constexpr auto kBasicRows = rows_of(formula::BasicList{});
constexpr auto kOtherRows = rows_of(formula::OtherList{});

/// Names beside those of the formulas.
struct Alias {
  std::string_view name;
  ActivationKind kind;
};
constexpr std::array kAliases{Alias{"swish", ActivationKind::silu}, Alias{"hard_swish", ActivationKind::hard_silu}};

constexpr std::array<std::string_view, 4> kFunctionsOfRows{"softmax", "log_softmax", "sparsemax", "glu"};

template <typename Function>
void for_rows(const Function& function) {
  for (const Row& row : kBasicRows) function(row);
  for (const Row& row : kOtherRows) function(row);
}

template <typename Condition>
const Row* find_row(const Condition& condition) {
  const Row* found = nullptr;
  for_rows([&](const Row& row) {
    if (found == nullptr && condition(row)) found = &row;
  });
  return found;
}

const Row& row_of(ActivationKind kind) {
  const Row* const row = find_row([&](const Row& other) { return other.kind == kind; });
  if (row != nullptr) return *row;
  throw ValueError("activation", std::to_string(static_cast<int>(kind)), "one of the ActivationKind values");
}

const Row* row_named(std::string_view name) {
  const auto alias = std::find_if(kAliases.begin(), kAliases.end(), [&](const Alias& a) { return a.name == name; });
  if (alias != kAliases.end()) return &row_of(alias->kind);
  return find_row([&](const Row& other) { return other.name == name; });
}

enum class Names : std::uint8_t { all, keras };

std::string expected_names(const std::string& name, Names names) {
  std::string known;
  for_rows([&](const Row& row) {
    if (row.in_keras || names == Names::all) known += (known.empty() ? "one of " : ", ") + std::string(row.name);
  });
  const bool is_of_row = std::find(kFunctionsOfRows.begin(), kFunctionsOfRows.end(), name) != kFunctionsOfRows.end();
  return is_of_row ? known + "; " + name + " is a function of a whole row" : known;
}

[[noreturn]] void refuse_name(const std::string& name) {
  throw ValueError("activation", "'" + name + "'", expected_names(name, Names::all));
}

std::string shortest(double number) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

/// The numbers of "a, b, c"; none where the text is something else.
std::optional<std::vector<double>> numbers_in(std::string_view text) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    while (at != end && *at == ' ') ++at;
    double number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    if (next == end) return numbers;
    if (*next != ',' || numbers.size() == 3) return std::nullopt;
    at = next + 1;
  }
}

Activation with_parameters(const Row& row, std::span<const double> given) {
  Activation activation(row.kind);
  const std::array targets{&activation.alpha, &activation.beta, &activation.gamma};
  if (static_cast<int>(given.size()) > row.parameters) {
    throw ValueError("activation", std::to_string(given.size()) + " parameters of " + std::string(row.name),
                     std::to_string(row.parameters) + " at most");
  }
  for (std::size_t k = 0; k < given.size(); ++k) *targets[k] = given[k];
  check_activation(activation);
  return activation;
}

/// Whether a parameter is in its range: finite and, for some kinds, further bounded.
const char* expected_of(ActivationKind kind, int parameter, double value) {
  const bool is_max = kind == ActivationKind::general_relu && parameter == 1;
  if (is_max) return value >= 0 ? nullptr : "0 or above, or infinity";
  if (!std::isfinite(value)) return "a finite number";
  if (kind == ActivationKind::celu && value == 0) return "another number than 0";
  if (kind == ActivationKind::squareplus && !(value > 0)) return "a number above 0";
  const bool is_shrink = kind == ActivationKind::hard_shrink || kind == ActivationKind::soft_shrink;
  return is_shrink && value < 0 ? "0 or above" : nullptr;
}

}  // namespace

Activation::Activation(ActivationKind of_kind) : kind(of_kind) {
  const Row* const row = find_row([&](const Row& other) { return other.kind == of_kind; });
  if (row == nullptr) return;  // what takes the activation refuses it
  alpha = row->defaults[0];
  beta = row->defaults[1];
  gamma = row->defaults[2];
}

Activation::Activation(ActivationKind of_kind, double first)
    : Activation(with_parameters(row_of(of_kind), std::array{first})) {}
Activation::Activation(ActivationKind of_kind, double first, double second)
    : Activation(with_parameters(row_of(of_kind), std::array{first, second})) {}
Activation::Activation(ActivationKind of_kind, double first, double second, double third)
    : Activation(with_parameters(row_of(of_kind), std::array{first, second, third})) {}

void check_activation(const Activation& activation) {
  const Row& row = row_of(activation.kind);
  const std::array values{activation.alpha, activation.beta, activation.gamma};
  for (int k = 0; k < 3; ++k) {
    const double value = values[static_cast<std::size_t>(k)];
    const char* expected = k < row.parameters ? expected_of(row.kind, k, value) : nullptr;
    if (k >= row.parameters && value != 0) expected = "0, as it has no such parameter";
    if (expected == nullptr) continue;
    const std::string_view name = k < row.parameters ? row.parameter_names[static_cast<std::size_t>(k)] : "parameter";
    throw ValueError(std::string(name) + " of " + std::string(row.name), shortest(value), expected);
  }
}

std::string to_string(const Activation& activation) {
  const Row* const row = find_row([&](const Row& other) { return other.kind == activation.kind; });
  if (row == nullptr) return "activation " + std::to_string(static_cast<int>(activation.kind));
  std::string text(row->name);
  if (activation == Activation(activation.kind)) return text;
  const std::array values{activation.alpha, activation.beta, activation.gamma};
  for (std::size_t k = 0; k < static_cast<std::size_t>(row->parameters); ++k) {
    text += (k == 0 ? "(" : ", ") + shortest(values[k]);
  }
  return text + ")";
}

Activation activation_from_name(const std::string& name) {
  if (const Row* const row = row_named(name)) return row->kind;
  const std::size_t bracket = name.find('(');
  if (bracket == std::string::npos || name.back() != ')') refuse_name(name);
  const Row* const row = row_named(std::string_view(name).substr(0, bracket));
  if (row == nullptr) refuse_name(name);
  const auto numbers = numbers_in(std::string_view(name).substr(bracket + 1, name.size() - bracket - 2));
  if (!numbers) {
    throw ValueError("activation", "'" + name + "'", std::string(row->name) + " with numbers in parentheses");
  }
  return with_parameters(*row, *numbers);
}

std::optional<Activation> find_keras_activation(const std::string& name, int keras_major) {
  const Row* const row = row_named(name);
  if (row == nullptr || !row->in_keras) return std::nullopt;
  if (row->kind == ActivationKind::hard_sigmoid && keras_major >= 3) return ActivationKind::hard_sigmoid_keras3;
  return row->kind;
}

std::string expected_keras_activation(const std::string& name) { return expected_names(name, Names::keras); }

Activation keras_activation_from_name(const std::string& name, int keras_major) {
  if (const auto found = find_keras_activation(name, keras_major)) return *found;
  throw ValueError("activation", "'" + name + "'", expected_keras_activation(name));
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for_rows([&](const Row& row) { names.emplace_back(row.name); });
  return names;
}

}  // namespace rondo
