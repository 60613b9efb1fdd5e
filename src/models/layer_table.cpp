#include "models/layer_table.h"

#include <algorithm>
#include <map>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

const std::map<std::string, LayerRow>& table() {
  static const std::map<std::string, LayerRow> kRows = [] {
    std::map<std::string, LayerRow> rows;
    for (const auto& family :
         {activation_rows(), attention_rows(), concatenate_rows(), conv_lstm_rows(), convolution_rows(), dense_rows(),
          dot_rows(), embedding_rows(), fixed_normalization_rows(), identity_rows(), merge_rows(),
          multi_head_attention_rows(), nested_rows(), normalization_rows(), pooling_rows(), recurrent_rows(),
          reshaping_rows(), wrapper_rows()}) {
      for (const LayerRow& row : family) rows.emplace(row.class_name, row);
    }
    return rows;
  }();
  return kRows;
}

std::string all_classes() {
  std::string text;
  for (const std::string& name : layer_classes()) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

const LayerRow* find_layer_row(const std::string& class_name) {
  const auto found = table().find(class_name);
  return found == table().end() ? nullptr : &found->second;
}

bool is_operation(const nlohmann::json& entry) {
  const auto module = entry.find("module");
  return module != entry.end() && module->is_string() && module->get<std::string>().find(".ops.") != std::string::npos;
}

const LayerRow* find_entry_row(const std::string& class_name, const nlohmann::json& entry) {
  const LayerRow* layer = is_operation(entry) ? nullptr : find_layer_row(class_name);
  if (layer != nullptr) return layer;
  const std::span<const LayerRow> rows = operation_rows();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const LayerRow& row) { return class_name == row.class_name; });
  return found == rows.end() ? nullptr : &*found;
}

std::vector<std::string> layer_classes() {
  std::vector<std::string> names;
  for (const auto& [name, row] : table()) names.push_back(name);
  return names;
}

std::unique_ptr<ModelLayer> make_model_layer(const KerasLayer& layer, const nlohmann::json& entry,
                                             const ModelSetting& setting) {
  const std::string where = layer.file + ": layer '" + layer.name + "'";
  // A class of the caller's that is read as one of Keras's recurrent layers.
  const LayerRow* row = find_entry_row(layer.recurrent ? "RNN" : layer.class_name, entry);
  if (row == nullptr && is_operation(entry)) {
    const std::string name = entry.at("module").get<std::string>() + "." + layer.class_name;
    throw ValueError(where + ": class", "the operation " + name, "a layer, or logic of masks");
  }
  if (row == nullptr) throw ValueError(where + ": class", "'" + layer.class_name + "'", "one of " + all_classes());
  if (!layer.problem.empty()) throw ValueError(layer.problem);
  const KerasFields fields(entry, where, setting.origin);
  const LayerFields config(fields.object("config"), where, setting.origin);
  std::vector<Tensor> weights;
  for (const Tensor& weight : layer.weights) weights.push_back(weight.to(setting.device));
  return row->make({layer, entry, config, weights, setting});
}

}  // namespace rondo
