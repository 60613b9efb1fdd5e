/// Reads weights from Keras's two layouts of HDF5: a tree of objects (`.weights.h5` and `.keras`), or a group for each
/// layer with a list of names (legacy `.h5`).
#pragma once

#include <vector>

#include "formats/containers/array_group.h"
#include "formats/keras/keras_fields.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// Adds dataset `name` of `group` to the weights of `layer`.
void read_weight(const ArrayGroup& group, const std::string& name, KerasLayer& layer);

/// Puts the kernel, the recurrent kernel and the bias of all gates in place of those that Keras 1 wrote for each gate
/// of an LSTM (12 arrays) and a GRU (9), which are known by their names. The paths are those of the first gate.
void join_keras1_gates(KerasLayer& layer);

/// Whether `root` is the root of a legacy file of weights, or the `model_weights` of a whole legacy model.
bool is_legacy_weights(const ArrayGroup& root);

/// The layers of a legacy file with their weights, in the file's order. `top_level_model_weights` is the last layer if
/// the model has weights of its own.
std::vector<KerasLayer> read_legacy_layers(const ArrayGroup& root);

/// All layers of a tree with their weights: the list of the model's layers, by name and number, then the model's own
/// weights and those of its attributes. Throws `ValueError` if the file is no such tree.
std::vector<KerasLayer> read_tree_layers(const ArrayGroup& root);

/// Finds the weights of the layers of a configuration. A tree names groups by class: the second LSTM of a model is
/// `lstm_1`, whatever its name. Weights outside the list of layers become further layers, as in read_tree_layers.
void attach_tree_weights(const ArrayGroup& root, std::vector<KerasLayer>& layers);
/// Gives layers the weights that read_legacy_layers found by their names. Throws `ValueError` for weights of no layer.
void attach_legacy_weights(std::vector<KerasLayer> found, std::vector<KerasLayer>& layers);

/// Keeps the problem of convolutions that Keras wrote with Theano, whose kernels are flipped. `weights` is the group
/// that has the attribute `backend`.
void doubt_kernels(const ArrayGroup& weights, std::vector<KerasLayer>& layers);

/// Keeps in `layer.problem` what a layer of weights alone needs that an LSTM or GRU of today has not: hard_sigmoid
/// before Keras 2.3.
void note_old_defaults(const KerasOrigin& origin, KerasLayer& layer);

}  // namespace rondo
