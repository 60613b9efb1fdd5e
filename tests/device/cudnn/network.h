/// Networks of cuDNN's kind, and their results by the reference executor, which runs every layer and direction by
/// itself.
#pragma once

#include <vector>

#include "cuda/cudnn/cudnn_config.h"
#include "support/random.h"

namespace rondo::test {

struct Network {
  CudnnConfig config;
  std::vector<CudnnWeights> weights;  ///< one for each pseudo layer
  Tensor x;                           ///< (T, B, I)
  std::optional<Tensor> lengths;      ///< (B,) i32
  std::optional<Tensor> hidden;       ///< (pseudo layers, B, H): initial h before the projection; absent: zeros
  std::optional<Tensor> initial_h;    ///< (pseudo layers, B, P or H)
  std::optional<Tensor> initial_c;    ///< (pseudo layers, B, H)
};

struct NetworkResult {
  Tensor y;        ///< (T, B, output_width)
  Tensor final_h;  ///< (pseudo layers, B, P or H)
  Tensor final_c;  ///< (pseudo layers, B, H); undefined without a c
};

/// A result whose y is undefined and whose states are allocated.
NetworkResult empty_result(const CudnnConfig& config);

/// A random network on the CPU, in f64. `rounded_to` holds all its numbers without rounding.
Network random_network(const CudnnConfig& config, Random& random, DType rounded_to = DType::f64);

/// The network's result by the reference executor, in f64.
NetworkResult reference_result(const Network& network);

/// The largest magnitude that a run reads or writes, which is the scale of errors.
double scale_of(const Network& network, const NetworkResult& result);

}  // namespace rondo::test
