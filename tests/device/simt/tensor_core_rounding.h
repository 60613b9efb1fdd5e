/// How the simulated tensor cores add.
#pragma once

namespace rondo::test::simt {

/// While it lives, tensor cores cut off as those of a GPU were observed to (Fasi, Higham, Mikaitis and Pranesh,
/// "Numerical behavior of NVIDIA tensor cores", 2021): four words along k at a time, products and the sum before are
/// aligned to the largest of them, what lies more than two bits below its 24 is dropped, and so is what the new sum has
/// no bits for. Otherwise they add in double and round once.
class TruncatingTensorCores {
 public:
  TruncatingTensorCores();
  ~TruncatingTensorCores();
  TruncatingTensorCores(const TruncatingTensorCores&) = delete;
  TruncatingTensorCores& operator=(const TruncatingTensorCores&) = delete;
};

}  // namespace rondo::test::simt
