/// The weekly CO2 record of Mauna Loa, the model's features, and the forecasts in ppm. README.md describes the recipe
/// in words.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace co2 {

struct Record {
  std::vector<std::string> dates;
  std::vector<double> measured;  ///< ppm; NaN where a week is missing
  std::vector<double> last;      ///< the latest value measured up to and including each week
};

Record read_record(const std::filesystem::path& csv);

/// Keras's answer for each week, from keras_predictions.csv.
rondo::Tensor read_keras_predictions(const std::filesystem::path& csv);

/// (1, T, 3): change, sine and cosine of the time of year. Missing weeks, which the mask skips, have NaN.
rondo::Tensor features(const Record& record);

/// (1, T): true where the week is measured.
rondo::Tensor mask(const Record& record);

/// (1, T, 1): the answer that would be right for each week; NaN where the week after it is not measured.
rondo::Tensor targets(const Record& record);

/// The forecast in ppm for the week after each week, from the model's answers.
std::vector<double> forecast(const Record& record, const rondo::Tensor& answers);

/// Root mean square error over the measured weeks from 1991 on; `forecasts[t]` is for week t + 1.
double error_since_1991(const Record& record, const std::vector<double>& forecasts);

/// "Same as last week" and "same as a year before", as forecasts for week t + 1.
std::vector<double> same_as_last_week(const Record& record);
std::vector<double> same_as_last_year(const Record& record);

}  // namespace co2
