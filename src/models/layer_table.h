/// The classes of layers that a model may have: a row for each.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/model_layer.h"

namespace rondo {

/// A class of layers.
struct LayerRow {
  const char* class_name;
  LayerMaker make;
  /// Names of the parameters of the class's `call` after the first one, in order.
  std::vector<const char*> parameters = {"mask"};
};

/// The row of a class; null if there is none.
const LayerRow* find_layer_row(const std::string& class_name);
/// The row of an entry of a configuration. Keras 3 has operations among its layers, which have names of layers: Add,
/// Softmax. Rondo has only those that Keras computes masks with. A legacy .h5 does not say which entries are
/// operations.
const LayerRow* find_entry_row(const std::string& class_name, const nlohmann::json& entry);
/// Whether an entry of a configuration is an operation.
bool is_operation(const nlohmann::json& entry);
/// The names of all classes, sorted.
std::vector<std::string> layer_classes();

// The rows of each family, in a file of its own in families/.
std::span<const LayerRow> activation_rows();
std::span<const LayerRow> attention_rows();
std::span<const LayerRow> concatenate_rows();
std::span<const LayerRow> conv_lstm_rows();
std::span<const LayerRow> convolution_rows();
std::span<const LayerRow> dense_rows();
std::span<const LayerRow> dot_rows();
std::span<const LayerRow> embedding_rows();
std::span<const LayerRow> fixed_normalization_rows();
std::span<const LayerRow> identity_rows();
std::span<const LayerRow> merge_rows();
std::span<const LayerRow> multi_head_attention_rows();
std::span<const LayerRow> nested_rows();
std::span<const LayerRow> normalization_rows();
std::span<const LayerRow> operation_rows();
std::span<const LayerRow> pooling_rows();
std::span<const LayerRow> recurrent_rows();
std::span<const LayerRow> reshaping_rows();
std::span<const LayerRow> wrapper_rows();

}  // namespace rondo
