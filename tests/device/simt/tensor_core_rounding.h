/// The rounding of sums on the simulated tensor cores.
#pragma once

namespace rondo::test::simt {

/// During the life of this object, tensor cores truncate as GPUs were observed to (Fasi, Higham, Mikaitis and Pranesh,
/// "Numerical behavior of NVIDIA tensor cores", 2021): for four words along k at a time, products and the previous sum
/// are aligned to the largest of them, bits more than two below its 24 are dropped, and so are bits that the new sum
/// does not hold. Otherwise tensor cores add in double and round once.
class TruncatingTensorCores {
 public:
  TruncatingTensorCores();
  ~TruncatingTensorCores();
  TruncatingTensorCores(const TruncatingTensorCores&) = delete;
  TruncatingTensorCores& operator=(const TruncatingTensorCores&) = delete;
};

}  // namespace rondo::test::simt
