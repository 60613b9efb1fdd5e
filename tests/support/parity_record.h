/// Records the errors of the parity tests for scripts/gpu-check, as JSON in the file that RONDO_PARITY_JSON names.
#pragma once

#include <string>

#include "rondo/vocabulary/dtype.h"

namespace rondo::test {

/// An executor and its precision.
struct ParityCase {
  std::string executor;
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
};

/// Records a comparison with the reference: its largest error relative to the scale of the run.
void record_parity(const ParityCase& which, double error);

}  // namespace rondo::test
