/// The training data of the CO2 model: windows of the weeks of 1958 to 1990, in batches.
#pragma once

#include <vector>

#include "co2_record.h"

namespace co2 {

/// Some windows, time first: T weeks of B windows each.
struct Batch {
  rondo::Tensor x;        ///< (T, B, 3): features
  rondo::Tensor mask;     ///< (T, B): true where the week is measured
  rondo::Tensor target;   ///< (T, B, 1): the right answers
  rondo::Tensor counted;  ///< (T, B, 1): true where there is a right answer
};

/// The batches of an epoch, those of train_keras.py: batch k of 8 has windows k, k + 8, k + 16, ...
std::vector<Batch> training_batches(const Record& record);

}  // namespace co2
