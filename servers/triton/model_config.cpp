#include "model_config.h"

#include "config_fields.h"
#include "parameters.h"
#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

abi::DataType data_type_from_name(const std::string& name, const std::string& field_name) {
  for (int number = 1; number <= static_cast<int>(abi::DataType::bf16); ++number) {
    const auto type = static_cast<abi::DataType>(number);
    if (to_string(type) == name || (name == "TYPE_STRING" && type == abi::DataType::bytes)) return type;
  }
  throw ValueError(field_name, "'" + name + "'", "a data type such as TYPE_FP32");
}

std::vector<TensorConfig> tensors(const Json& config, const std::string& list) {
  std::vector<TensorConfig> result;
  const Json& entries = field(config, list);
  for (const Json& entry : entries) {
    TensorConfig tensor{.name = text_field(entry, "name")};
    const std::string place = list + " '" + tensor.name + "'";
    if (has(entry, "reshape")) throw ValueError(place + " reshape", "a shape", "none: give the model's own dims");
    tensor.type = data_type_from_name(text_field(entry, "data_type"), place + " data_type");
    dtype_of_data(tensor.type, place + " data_type");
    for (const Json& size : field(entry, "dims")) tensor.dims.push_back(integer_field({{"dims", size}}, "dims"));
    result.push_back(std::move(tensor));
  }
  if (result.empty()) throw ValueError(list, "none", "at least one, with name, data_type and dims");
  return result;
}

/// The second of the two values of a control, in the list that has values.
ReadyControl ready_control(const std::string& name, const Json& control) {
  if (has(control, "int32_false_true"))
    return {.name = name, .type = abi::DataType::int32, .ready = control["int32_false_true"].at(1).get<double>()};
  if (has(control, "bool_false_true"))
    return {.name = name,
            .type = abi::DataType::boolean,
            .ready = control["bool_false_true"].at(1).get<bool>() ? 1.0 : 0.0};
  if (has(control, "fp32_false_true"))
    return {.name = name, .type = abi::DataType::fp32, .ready = control["fp32_false_true"].at(1).get<double>()};
  throw ValueError("control_input '" + name + "'", "no values", "int32_false_true, fp32_false_true or bool_false_true");
}

void read_sequences(const Json& batching, ModelConfig& config) {
  if (has(batching, "state")) {
    throw ValueError("sequence_batching.state", std::to_string(batching["state"].size()) + " states",
                     "none: the backend keeps the states of all layers itself");
  }
  if (truth_field(batching, "iterative_sequence"))
    throw ValueError("sequence_batching.iterative_sequence", "true", "false");
  config.batching = Batching::direct_sequence;
  config.sequences = config.max_batch_size;
  if (!field(batching, "oldest").is_null()) {
    config.batching = Batching::oldest_sequence;
    config.sequences = integer_field(batching["oldest"], "max_candidate_sequences");
    if (config.sequences < 1) {
      throw ValueError("sequence_batching.oldest.max_candidate_sequences", std::to_string(config.sequences),
                       "the most sequences at a time: 1 or more");
    }
  }
  config.idle = std::chrono::microseconds(integer_field(batching, "max_sequence_idle_microseconds"));
  for (const Json& input : field(batching, "control_input")) {
    for (const Json& control : field(input, "control")) {
      if (text_field(control, "kind") == "CONTROL_SEQUENCE_READY")
        config.ready = ready_control(text_field(input, "name"), control);
    }
  }
}

ModelConfig read(const Json& json) {
  ModelConfig config{.name = text_field(json, "name"), .file = text_field(json, "default_model_filename")};
  config.max_batch_size = integer_field(json, "max_batch_size");
  if (config.max_batch_size < 1) {
    throw ValueError("max_batch_size", std::to_string(config.max_batch_size),
                     "1 or more: the first axis of all inputs and outputs is the batch");
  }
  if (truth_field(field(json, "model_transaction_policy"), "decoupled"))
    throw ValueError("model_transaction_policy.decoupled", "true", "false: a request has one answer");
  for (const char* const list : {"batch_input", "batch_output"}) {
    if (has(json, list)) throw ValueError(list, std::to_string(json[list].size()) + " entries", "none");
  }
  config.inputs = tensors(json, "input");
  config.outputs = tensors(json, "output");
  if (!field(json, "sequence_batching").is_null()) read_sequences(json["sequence_batching"], config);
  config.parameters = read_parameters(field(json, "parameters"));
  return config;
}

}  // namespace

ModelConfig parse_model_config(std::string_view text) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& error) {
    throw ValueError("config.pbtxt", error.what(), "a configuration as Triton writes it");
  }
}

}  // namespace rondo::triton
