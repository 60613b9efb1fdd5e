/// Runs a network by cuDNN on a device, in one precision.
#pragma once

#include <optional>
#include <vector>

#include "cuda/cudnn/cudnn_rnn.h"
#include "device/cudnn/network.h"

namespace rondo::test {

struct Precision {
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
  double tolerance = 0;  ///< tolerance of one layer, relative to the scale of the run
};

class OnDevice {
 public:
  /// Keeps a view of `network`.
  OnDevice(const Network& network, const Precision& precision, Stream stream);

  /// Runs the network. Outputs are NaN before the run, and are returned on the CPU as (T, B, width).
  NetworkResult run(CudnnLayout layout);

 private:
  Tensor moved(const Tensor& tensor) const;
  std::optional<Tensor> moved(const std::optional<Tensor>& tensor) const;
  CudnnWeights moved(const CudnnWeights& weights) const;
  Tensor output(const Shape& shape) const;
  Tensor empty_y() const;
  Tensor laid_out(const Tensor& sequence, CudnnLayout layout) const;
  Tensor time_major(const Tensor& y, CudnnLayout layout) const;

  const Network& network_;
  CudnnConfig config_;
  Stream stream_;
  std::vector<std::int32_t> lengths_;
  std::optional<CudnnRnn> rnn_;
};

}  // namespace rondo::test
