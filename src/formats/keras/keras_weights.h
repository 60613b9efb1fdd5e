/// Where Keras puts weights in HDF5: a tree of objects (`.weights.h5` and `.keras`), or a group for each layer with a
/// list of names (legacy `.h5`).
#pragma once

#include <vector>

#include "formats/containers/hdf5_group.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

/// Adds dataset `name` of `group` to the weights of `layer`.
void read_weight(const HdfGroup& group, const std::string& name, KerasLayer& layer);

/// Whether `root` is that of a legacy file of weights, or a whole legacy model's `model_weights`.
bool is_legacy_weights(const HdfGroup& root);

/// The layers of a legacy file, in its order, each with its weights, and last `top_level_model_weights`, if the model
/// has weights of its own.
std::vector<KerasLayer> read_legacy_layers(const HdfGroup& root);

/// What a tree has of weights: the list of the model's layers, by name and number, and what stands beside it, the
/// model's own weights and those of its attributes. Throws `ValueError` if the file is no such tree.
std::vector<KerasLayer> read_tree_layers(const HdfGroup& root);

/// Finds the weights of the layers of a configuration. A tree names groups by class: the second LSTM of a model is
/// `lstm_1`, whatever its name. What stands beside the list of layers is added to them, as read_tree_layers has it.
void attach_tree_weights(const HdfGroup& root, std::vector<KerasLayer>& layers);
/// The same by name, from what read_legacy_layers found. Throws `ValueError` for weights that belong to no layer.
void attach_legacy_weights(std::vector<KerasLayer> found, std::vector<KerasLayer>& layers);

}  // namespace rondo
