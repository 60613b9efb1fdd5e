#include "rondo/models/model.h"

#include <algorithm>
#include <utility>

#include "formats/containers/json.h"
#include "formats/keras/keras_configuration.h"
#include "models/model_impl.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::size_t kDepth = 100;  // as of the configurations that load_keras reads

std::vector<ModelTensor> tensors_of(const std::vector<std::string>& names, const std::vector<TensorNote>& notes) {
  std::vector<ModelTensor> tensors;
  for (std::size_t k = 0; k < notes.size(); ++k) tensors.push_back({names[k], notes[k].shape, notes[k].dtype});
  return tensors;
}

nlohmann::json entry_of(const KerasModel& contents) {
  if (contents.configuration.empty()) {
    throw ValueError(contents.file + ": configuration", "none, as in a file of weights alone", "a whole model");
  }
  return parse_json(contents.configuration, contents.file + ": configuration", kDepth);
}

ModelSetting setting_of(const KerasModel& contents, const ModelOptions& options) {
  const std::string version = contents.keras_version.empty() ? "3" : contents.keras_version;
  return {keras_origin(version, contents.file), options.device, {.threads = options.threads, .math = options.math}};
}

}  // namespace

Model::Impl::Impl(const KerasModel& contents, const ModelOptions& options)
    : layers(entry_of(contents), contents.layers, contents.file, setting_of(contents, options)),
      notes(layers.inputs()),
      program(layers.bind(notes)) {
  inputs = tensors_of(layers.graph().input_names, notes);
  for (const TensorReference& input : layers.graph().inputs) {
    stays.push_back(readers_of(layers.graph(), input).others == 0);
  }
  std::vector<TensorNote> results;
  for (const int slot : program.outputs) results.push_back(program.slots[static_cast<std::size_t>(slot)]);
  outputs = tensors_of(layers.graph().output_names, results);
}

std::vector<MaskedTensor> Model::Impl::arguments(std::span<const Tensor> given,
                                                 std::span<const TensorNote> expected) const {
  if (given.size() != inputs.size()) {
    throw ValueError("inputs", std::to_string(given.size()) + " tensors", std::to_string(inputs.size()));
  }
  std::vector<MaskedTensor> result(given.size());
  for (std::size_t k = 0; k < given.size(); ++k) {
    result[k] = conformed(MaskedTensor{given[k]}, expected[k], "input '" + inputs[k].name + "'");
    if (!stays[k]) result[k].value = result[k].value.to(layers.setting().device);
  }
  return result;
}

Model::Model(const KerasModel& contents, const ModelOptions& options)
    : impl_(std::make_shared<Impl>(contents, options)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::vector<ModelTensor>& Model::inputs() const { return impl_->inputs; }
const std::vector<ModelTensor>& Model::outputs() const { return impl_->outputs; }
bool Model::is_stateful() const { return impl_->layers.is_stateful(); }
void Model::reset_states() { impl_->layers.reset_states(); }

Tensor Model::predict(const Tensor& x) {
  if (outputs().size() != 1) {
    throw ValueError("predict", "a model of " + std::to_string(outputs().size()) + " outputs", "a list of inputs");
  }
  MaskedTensor result;
  impl_->program.run(impl_->arguments(std::span(&x, 1), impl_->notes), std::span(&result, 1));
  return result.value;
}

std::vector<Tensor> Model::predict(std::span<const Tensor> given) {
  std::vector<MaskedTensor> results(outputs().size());
  impl_->program.run(impl_->arguments(given, impl_->notes), results);
  std::vector<Tensor> values;
  values.reserve(results.size());
  for (MaskedTensor& result : results) values.push_back(std::move(result.value));
  return values;
}

std::map<std::string, Tensor> Model::predict(const std::map<std::string, Tensor>& given) {
  std::vector<Tensor> ordered;
  for (const ModelTensor& input : inputs()) {
    const auto found = given.find(input.name);
    if (found == given.end()) throw ValueError("inputs", "none named '" + input.name + "'", "one for each input");
    ordered.push_back(found->second);
  }
  for (const auto& [name, tensor] : given) {
    const bool known =
        std::any_of(inputs().begin(), inputs().end(), [&key = name](const auto& one) { return one.name == key; });
    if (!known) throw ValueError("inputs", "one named '" + name + "'", "names of the model's inputs");
  }
  const std::vector<Tensor> results = predict(std::span<const Tensor>(ordered));
  std::map<std::string, Tensor> named;
  for (std::size_t k = 0; k < results.size(); ++k) named.emplace(outputs()[k].name, results[k]);
  return named;
}

std::string Model::describe() const {
  std::string text;
  for (const CallNote& call : impl_->program.calls) {
    const GraphLayer& layer = impl_->layers.graph().layers[static_cast<std::size_t>(call.layer)];
    text += layer.name + " (" + layer.class_name + "): ";
    for (std::size_t k = 0; k < call.outputs.size(); ++k) {
      text += (k == 0 ? "" : ", ") + note_text(call.outputs[k]);
      if (call.outputs[k].mask) text += " with a mask";
    }
    text += "; " + call.how + "\n";
  }
  return text;
}

std::string Model::explain(std::int64_t B, std::int64_t T) const { return impl_->layers.explain(B, T); }

}  // namespace rondo
