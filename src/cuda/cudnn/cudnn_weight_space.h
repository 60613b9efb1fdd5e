/// Weights in cuDNN's own order. Only cuDNN knows that order, and tells where each matrix lies.
#pragma once

#include <span>
#include <vector>

#include "cuda/cudnn/cudnn_descriptors.h"
#include "cuda/cudnn/cudnn_packing.h"

namespace rondo::cudnn {

/// Memory for the weights, in the order of `stream`: one dimension of the config's dtype, zeros. Throws with cuDNN's
/// words for a network that it does not support.
Tensor make_weight_space(const CudnnConfig& config, const Handle& handle, const RnnDescriptor& network, Stream stream);

/// Where cuDNN has each matrix in memory of that size, which may be for the weights or for their gradients.
std::vector<CudnnPlace> places_in(const Tensor& memory, const CudnnConfig& config, const Handle& handle,
                                  const RnnDescriptor& network);

/// Packs `weights`, one for each pseudo layer, into that memory, in the order of `stream`. Throws `ValueError` for
/// weights that do not fit.
void fill_weight_space(const CudnnConfig& config, std::span<const CudnnWeights> weights, const Handle& handle,
                       const RnnDescriptor& network, const Tensor& memory, Stream stream);

}  // namespace rondo::cudnn
