/// Weights in the order in which cuDNN numbers its matrices: host arithmetic, without cuDNN. Floor 7.
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
  std::vector<Tensor> matrices;     ///< each (H, width of what it multiplies); the projection is (P, H)
  std::vector<Tensor> biases = {};  ///< each (H,), those of the 2 G matrices (CUDNN_RNN_DOUBLE_BIAS); or none at all
};

/// With memory of its own. Both biases of a gate are added, but for those of a GRU, which stand in a bias of (2, 3 H)
/// for a cell with `reset_after`: cuDNN's only form. Throws `ValueError` naming the matrix or bias whose number, shape
/// or dtype does not fit.
RecurrentWeights cudnn_weights(const CudnnParameters& parameters, CellKind kind);

/// The reverse: cudnn_weights(cudnn_parameters(w, kind), kind) is w, bit for bit. Where Keras has one bias, it is that
/// of x, and the one of h is zeros. Throws `ValueError` for a GRU without `reset_after`, and for peepholes.
CudnnParameters cudnn_parameters(const RecurrentWeights& weights, CellKind kind);

}  // namespace rondo
