#include "training_batches.h"

#include <algorithm>

#include "rondo/ops/ops.h"

namespace co2 {
namespace {

using rondo::Tensor;

constexpr std::int64_t kWindow = 156;  // weeks
constexpr std::int64_t kStride = 13;   // weeks between the beginnings of two windows
constexpr std::int64_t kBatches = 8;

// The weeks whose following week is before 1991.
std::int64_t weeks_to_train_on(const Record& record) {
  return std::lower_bound(record.dates.begin(), record.dates.end(), "1991") - record.dates.begin() - 1;
}

// Batch k of a series (1, weeks, F): (kWindow, B, F).
Tensor windows(const Tensor& series, std::int64_t weeks, std::int64_t k) {
  std::vector<Tensor> rows;
  for (std::int64_t begin = k * kStride; begin + kWindow <= weeks; begin += kBatches * kStride) {
    rows.push_back(series.slice(1, begin, begin + kWindow));
  }
  return rondo::concat(rows, 0).swap_axes(0, 1).contiguous();
}

}  // namespace

std::vector<Batch> training_batches(const Record& record) {
  const std::int64_t weeks = weeks_to_train_on(record);
  const Tensor x = features(record);
  const Tensor target = targets(record);
  const Tensor measured = mask(record).insert_axis(2);
  const Tensor counted = measured.slice(1, 1, measured.size(1));  // a week counts where the next one is measured
  std::vector<Batch> batches;
  for (std::int64_t k = 0; k < kBatches; ++k) {
    batches.push_back({.x = windows(x, weeks, k),
                       .mask = windows(measured, weeks, k).erase_axis(2),
                       .target = windows(target, weeks, k),
                       .counted = windows(counted, weeks, k)});
  }
  return batches;
}

}  // namespace co2
