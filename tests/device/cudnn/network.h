/// Networks as cuDNN has them, and what the reference executor makes of them, layer by layer and direction by
/// direction.
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

/// y undefined, states to be written.
NetworkResult empty_result(const CudnnConfig& config);

/// On the CPU, in f64. Numbers fit into `rounded_to` without rounding.
Network random_network(const CudnnConfig& config, Random& random, DType rounded_to = DType::f64);

/// By the reference executor, in f64.
NetworkResult reference_result(const Network& network);

/// Largest magnitude of what a run reads and writes, against which errors are measured.
double scale_of(const Network& network, const NetworkResult& result);

}  // namespace rondo::test
