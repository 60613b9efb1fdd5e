// Rondo's main use on real data: the program loads a model from files that Keras saved, runs it over a record with real
// gaps, and compares the results with those of Keras.
//
//     co2_demo DIRECTORY_OF_THIS_EXAMPLE CHART.svg

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "chart.h"
#include "co2_record.h"
#include "rondo/rondo.h"

namespace {

using rondo::Tensor;

/// The Keras model: an LSTM, then a Dense layer.
class Model {
 public:
  explicit Model(const std::filesystem::path& file)
      : keras_(rondo::load_keras(file)),
        lstm_(rondo::make_layer(keras_.layer("lstm"))),
        head_(keras_.layer("head").weights) {}

  /// Maps features (1, T, 3) to answers (1, T, 1).
  Tensor operator()(const Tensor& x, const Tensor& mask) const {
    const Tensor h = (*lstm_)(x, {.mask = mask}).output;
    return rondo::add(rondo::dot(h, head_[0]), head_[1]);
  }

  const std::string& keras_version() const { return keras_.keras_version; }
  rondo::Plan plan(std::int64_t T) const { return lstm_->plans({.B = 1, .T = T, .masked = true})[0]; }

 private:
  rondo::KerasModel keras_;
  std::unique_ptr<rondo::RNN> lstm_;
  std::vector<Tensor> head_;
};

double largest_difference(const Tensor& a, const Tensor& b) {
  double largest = 0.0;
  const std::vector<float> x = a.to_vector<float>();
  const std::vector<float> y = b.to_vector<float>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i]));
    if (!(difference <= largest)) largest = difference;  // keeps a NaN
  }
  return largest;
}

void print_last_year(const co2::Record& record, const std::vector<double>& forecasts) {
  std::printf("\n  week         measured   forecast of the week before\n");
  for (std::size_t week = record.dates.size() - 52; week < record.dates.size(); ++week) {
    char measured[16] = " missing";
    if (!std::isnan(record.measured[week])) std::snprintf(measured, sizeof measured, "%8.1f", record.measured[week]);
    std::printf("  %s   %s   %8.1f\n", record.dates[week].c_str(), measured, forecasts[week - 1]);
  }
}

void print_errors(const co2::Record& record, const std::vector<double>& forecasts) {
  std::printf("\n  root mean square error one week ahead, 1991-2001 (trained on 1958-1990)\n");
  std::printf("  same as a year before   %6.3f ppm\n", co2::error_since_1991(record, co2::same_as_last_year(record)));
  std::printf("  same as last week       %6.3f ppm\n", co2::error_since_1991(record, co2::same_as_last_week(record)));
  std::printf("  the LSTM                %6.3f ppm\n", co2::error_since_1991(record, forecasts));
}

/// The median speed of some runs over the whole record.
double weeks_per_second(const Model& model, const Tensor& x, const Tensor& mask) {
  std::vector<double> seconds(21);
  for (double& second : seconds) {
    const auto start = std::chrono::steady_clock::now();
    model(x, mask);
    second = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::nth_element(seconds.begin(), seconds.begin() + 10, seconds.end());
  return static_cast<double>(x.size(1)) / seconds[10];
}

void run(const std::filesystem::path& directory, const std::filesystem::path& chart) {
  const co2::Record record = co2::read_record(directory / "co2.csv");
  const Tensor expected = co2::read_keras_predictions(directory / "keras_predictions.csv");
  const Tensor x = co2::features(record);
  const Tensor mask = co2::mask(record);
  const auto T = static_cast<std::int64_t>(record.dates.size());

  const Model model(directory / "co2_keras2.h5");
  const std::vector<double> forecasts = co2::forecast(record, model(x, mask));
  const auto missing =
      std::count_if(record.measured.begin(), record.measured.end(), [](double ppm) { return std::isnan(ppm); });
  std::printf("%lld weeks of CO2 at Mauna Loa, %lld of them missing and masked\n\n", static_cast<long long>(T),
              static_cast<long long>(missing));
  std::printf("%s\n", model.plan(T).explain().c_str());
  print_last_year(record, forecasts);
  print_errors(record, forecasts);
  std::printf("\n  %.0f weeks per second\n\n", weeks_per_second(model, x, mask));
  co2::write_chart(chart, record, forecasts);
  std::printf("  chart: %s\n", chart.c_str());

  double worst = 0.0;
  long values = 0;
  for (const char* file : {"co2_keras2.h5", "co2_keras2.keras", "co2_keras3.keras"}) {
    const Model other(directory / file);
    const double difference = largest_difference(other(x, mask), expected);
    std::printf("  %-17s Keras %-7s max |rondo - keras| = %.2g\n", file, other.keras_version().c_str(), difference);
    if (!(difference <= worst)) worst = difference;
    values += T;
  }
  std::printf("max |rondo - keras| = %.2g over %ld values\n", worst, values);
  if (!(worst <= 1e-5)) throw std::runtime_error("further from Keras than 1e-5");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: co2_demo DIRECTORY CHART.svg\n");
    return EXIT_FAILURE;
  }
  try {
    run(argv[1], argv[2]);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "co2_demo: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
