/// Weights in cuDNN's own order. Only cuDNN knows that order, and tells where each matrix lies.
#pragma once

#include <span>

#include "cuda/cudnn/cudnn_descriptors.h"

namespace rondo::cudnn {

/// Packs `weights`, one for each pseudo layer, into memory of its own, in the order of `stream`: one dimension of the
/// config's dtype. Throws `ValueError` for weights that do not fit, and with cuDNN's words for a network that it does
/// not support.
Tensor make_weight_space(const CudnnConfig& config, std::span<const CudnnWeights> weights, const Handle& handle,
                         const RnnDescriptor& network, Stream stream);

}  // namespace rondo::cudnn
