/// Weights in the order in which cuDNN numbers its matrices: host arithmetic, which needs no cuDNN.
///
/// Source: cudnnGetRNNWeightParams (`linLayerID`) and cudnnRNNMode_t in
/// https://docs.nvidia.com/deeplearning/cudnn/latest/api/cudnn-adv-library.html
#pragma once

#include <optional>
#include <vector>

#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The parameters of a pseudo layer, by linLayerID: first the G matrices of x, then the G matrices of h, then the
/// projection if there is one. Gates are i f c~ o for an LSTM, r z h~ for a GRU.
struct CudnnParameters {
  std::vector<Tensor> matrices;     ///< each (H, width of x or of the state); the projection is (P, H)
  std::vector<Tensor> biases = {};  ///< each (H,), one for each of the 2 G matrices (CUDNN_RNN_DOUBLE_BIAS); or empty
};

/// Weights in Keras's layout, in memory of their own. The two biases of a gate are added, except for a GRU, which gets
/// a bias of (2, 3 H) for a cell with `reset_after`, cuDNN's only form. Throws `ValueError` naming the matrix or bias
/// whose number, shape or dtype does not fit.
RecurrentWeights cudnn_weights(const CudnnParameters& parameters, CellKind kind);

/// The reverse of cudnn_weights: cudnn_weights(cudnn_parameters(w, kind), kind) is w, bit for bit. If Keras has one
/// bias, x gets that bias and h gets zeros. Throws `ValueError` for a GRU without `reset_after`, and for peepholes.
CudnnParameters cudnn_parameters(const RecurrentWeights& weights, CellKind kind);

}  // namespace rondo
