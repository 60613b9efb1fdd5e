#include "co2_record.h"

#include <cmath>
#include <fstream>
#include <numbers>
#include <stdexcept>

namespace co2 {
namespace {

constexpr double kScale = 0.5;  // ppm: about the change of one week
constexpr std::size_t kWeeksOfAYear = 52;

struct Row {
  std::string date;
  double value;  // NaN for an empty field
};

// Rows of a CSV file of two columns, without its header.
std::vector<Row> read_rows(const std::filesystem::path& csv) {
  std::ifstream file(csv);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("cannot read " + csv.string());
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::size_t comma = line.find(',');
    const std::string field = line.substr(comma + 1);
    rows.push_back({line.substr(0, comma), field.empty() ? std::nan("") : std::stod(field)});
  }
  return rows;
}

}  // namespace

Record read_record(const std::filesystem::path& csv) {
  Record record;
  for (const Row& row : read_rows(csv)) {
    record.dates.push_back(row.date);
    record.measured.push_back(row.value);
    record.last.push_back(std::isnan(row.value) ? record.last.back() : row.value);
  }
  return record;
}

rondo::Tensor read_keras_predictions(const std::filesystem::path& csv) {
  std::vector<float> values;
  for (const Row& row : read_rows(csv)) values.push_back(static_cast<float>(row.value));
  const auto T = static_cast<std::int64_t>(values.size());
  return rondo::Tensor::from(values, {1, T, 1});
}

rondo::Tensor features(const Record& record) {
  std::vector<float> values;
  for (std::size_t t = 0; t < record.measured.size(); ++t) {
    const bool missing = std::isnan(record.measured[t]);
    const double change = t == 0 ? 0.0 : (record.last[t] - record.last[t - 1]) / kScale;
    const double phase = 2.0 * std::numbers::pi * static_cast<double>(t) * 7.0 / 365.25;
    for (const double feature : {change, std::sin(phase), std::cos(phase)}) {
      values.push_back(missing ? std::nanf("") : static_cast<float>(feature));
    }
  }
  return rondo::Tensor::from(values, {1, static_cast<std::int64_t>(record.measured.size()), 3});
}

rondo::Tensor mask(const Record& record) {
  const auto T = static_cast<std::int64_t>(record.measured.size());
  const rondo::Tensor result = rondo::Tensor::empty({1, T}, rondo::DType::boolean);
  for (std::size_t t = 0; t < record.measured.size(); ++t) result.data<bool>()[t] = !std::isnan(record.measured[t]);
  return result;
}

rondo::Tensor targets(const Record& record) {
  const std::size_t T = record.measured.size();
  std::vector<float> values(T, std::nanf(""));
  for (std::size_t t = 0; t + 1 < T; ++t) {
    values[t] = static_cast<float>((record.measured[t + 1] - record.last[t]) / kScale);
  }
  return rondo::Tensor::from(values, {1, static_cast<std::int64_t>(T), 1});
}

std::vector<double> forecast(const Record& record, const rondo::Tensor& answers) {
  const std::vector<float> y = answers.to_vector<float>();
  std::vector<double> result;
  for (std::size_t t = 0; t < y.size(); ++t) result.push_back(record.last[t] + kScale * static_cast<double>(y[t]));
  return result;
}

double error_since_1991(const Record& record, const std::vector<double>& forecasts) {
  double sum = 0.0;
  int weeks = 0;
  for (std::size_t t = 0; t + 1 < record.measured.size(); ++t) {
    if (record.dates[t + 1] < "1991" || std::isnan(record.measured[t + 1])) continue;
    const double error = record.measured[t + 1] - forecasts[t];
    sum += error * error;
    ++weeks;
  }
  return std::sqrt(sum / weeks);
}

std::vector<double> same_as_last_week(const Record& record) { return record.last; }

std::vector<double> same_as_last_year(const Record& record) {
  std::vector<double> result;
  for (std::size_t t = 0; t < record.last.size(); ++t) {
    result.push_back(t + 1 < kWeeksOfAYear ? record.last[0] : record.last[t + 1 - kWeeksOfAYear]);
  }
  return result;
}

}  // namespace co2
