/// The precisions of the persistent kernels' gradients, with what they may differ from the reference in f64.
#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "rondo/recurrence/recurrence.h"
#include "support/device_under_test.h"
#include "support/gradient_run.h"

namespace rondo::test {

struct Precision {
  DType dtype;
  MatrixMath math;
  double tolerance;  ///< as expect_near takes it
};

inline std::string to_string(const Precision& precision) {
  return to_string(precision.dtype) + "_" + to_string(precision.math);
}
inline void PrintTo(const Precision& precision, std::ostream* stream) { *stream << to_string(precision); }

inline constexpr Precision kPrecisions[] = {{DType::f32, MatrixMath::strict, 1e-5},
                                            {DType::f32, MatrixMath::tf32, 4e-3},
                                            {DType::f16, MatrixMath::strict, 1e-3},
                                            {DType::bf16, MatrixMath::strict, 4e-3}};

/// Whether products round what they multiply.
inline bool rounds(const Precision& precision) {
  return size_of(precision.dtype) == 2 || precision.math == MatrixMath::tf32;
}

/// The recurrence in a precision, on the device, keeping something.
inline RandomRecurrence on_device(RandomRecurrence recurrence, const Precision& precision, Random& random) {
  if (rounds(precision)) recurrence = without_kinks(std::move(recurrence));
  recurrence = rounded(std::move(recurrence), precision.dtype);
  RecurrenceSpec& spec = recurrence.spec;
  spec.dtype = precision.dtype;
  spec.math = precision.math;
  spec.device = device_under_test();
  spec.keep = random.coin(0.8) ? Keep::gates : Keep::states;
  return recurrence;
}

}  // namespace rondo::test
