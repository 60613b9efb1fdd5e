/// What the parity tests saw, for scripts/gpu-check: written as JSON to the file that RONDO_PARITY_JSON names.
#pragma once

#include <string>

#include "rondo/vocabulary/dtype.h"

namespace rondo::test {

/// Who computed in what.
struct ParityCase {
  std::string executor;
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
};

/// One comparison with the reference: its largest error relative to the scale of the run.
void record_parity(const ParityCase& which, double error);

}  // namespace rondo::test
