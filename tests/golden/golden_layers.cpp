// Layer cases: SimpleRNN, LSTM, GRU and RNN of one or several cells, one call or a series of them.

#include "golden/golden_case.h"
#include "golden/golden_steps.h"
#include "rondo/layers.h"
#include "support/minimal_cell.h"

namespace rondo::golden {
namespace {

/// The part of a layer's or cell's description that its cell needs.
CellSpec cell_spec(const nlohmann::json& description, CellKind kind) {
  const auto activation = [&](const char* name, Activation otherwise) {
    return description.contains(name) ? activation_from_name(description.at(name).get<std::string>()) : otherwise;
  };
  return {.kind = kind,
          .units = description.at("units").get<std::int64_t>(),
          .activation = activation("activation", Activation::tanh),
          .recurrent_activation = activation("recurrent_activation", Activation::sigmoid),
          .use_bias = description.at("use_bias").get<bool>(),
          .reset_after = description.value("reset_after", true)};
}

std::shared_ptr<Cell> make_cell(const GoldenCase& golden, const nlohmann::json& description,
                                const std::string& prefix) {
  const auto type = description.at("class").get<std::string>();
  const RecurrentWeights weights = cell_weights(golden, prefix);
  if (type == "MinimalRNNCell") return std::make_shared<test::MinimalRNNCell>(weights.kernel, weights.recurrent_kernel);
  const CellKind kind = type.starts_with("LSTM")  ? CellKind::lstm
                        : type.starts_with("GRU") ? CellKind::gru
                                                  : CellKind::simple_rnn;
  return std::make_shared<KnownCell>(cell_spec(description, kind), weights);
}

template <typename Options>
void set_layer_options(const GoldenCase& golden, Options& options) {
  options.return_sequences = golden.option("return_sequences");
  options.return_state = golden.option("return_state");
  options.go_backwards = golden.option("go_backwards");
  options.stateful = golden.option("stateful");
  options.unroll = golden.option("unroll");
  options.time_major = golden.option("time_major");
  options.zero_output_for_mask = golden.option("zero_output_for_mask");
}

template <typename Layer, typename Options>
std::unique_ptr<RNN> make_known_layer(const GoldenCase& golden, CellKind kind) {
  const CellSpec cell = cell_spec(golden.description().at("layer"), kind);
  Options options;
  options.units = cell.units;
  options.activation = cell.activation;
  options.use_bias = cell.use_bias;
  if constexpr (!std::is_same_v<Options, SimpleRNNOptions>) options.recurrent_activation = cell.recurrent_activation;
  if constexpr (std::is_same_v<Options, GRUOptions>) options.reset_after = cell.reset_after;
  set_layer_options(golden, options);
  return std::make_unique<Layer>(options, cell_weights(golden, "weight/"));
}

std::unique_ptr<RNN> make_layer(const GoldenCase& golden) {
  const nlohmann::json& description = golden.description().at("layer");
  const auto type = description.at("class").get<std::string>();
  if (type == "SimpleRNN") return make_known_layer<SimpleRNN, SimpleRNNOptions>(golden, CellKind::simple_rnn);
  if (type == "LSTM") return make_known_layer<LSTM, LSTMOptions>(golden, CellKind::lstm);
  if (type == "GRU") return make_known_layer<GRU, GRUOptions>(golden, CellKind::gru);
  RNNOptions options;
  set_layer_options(golden, options);
  std::vector<std::shared_ptr<Cell>> cells;
  for (const auto& cell : description.at("cells")) {
    cells.push_back(make_cell(golden, cell, "weight/" + std::to_string(cells.size()) + "/"));
  }
  return cells.size() == 1 ? std::make_unique<RNN>(cells[0], options) : std::make_unique<RNN>(cells, options);
}

// The flat leaves of a file as the states of the layer's cell.
States pack_states(const Cell& cell, const std::vector<Tensor>& leaves) {
  if (leaves.empty()) return {};
  const Nest packed = cell.state_size().pack(leaves);
  return packed.is_leaf() ? States{packed} : packed.children();
}

std::string check_call(const GoldenCase& golden, RNN& layer, const std::string& executor, const std::string& prefix) {
  const LayerResult result =
      layer(golden.tensor(prefix + "input"),
            {.mask = golden.optional_tensor(prefix + "mask"),
             .initial_state = pack_states(layer.cell(), golden.tensors(prefix + "initial_state")),
             .plan = {.executor = executor}});
  return difference(golden, prefix + "expected/output", result.output) +
         difference(golden, prefix + "expected/state", Nest::tuple(result.states));
}

std::string check_calls(const GoldenCase& golden, const std::string& executor) {
  const std::unique_ptr<RNN> layer = make_layer(golden);
  if (!golden.options().contains("calls")) return check_call(golden, *layer, executor, "");
  std::string text;
  int number = 0;
  for (const auto& call : golden.options().at("calls")) {
    const std::string prefix = "call/" + std::to_string(number++) + "/";
    const nlohmann::json& reset = call.at("reset_states_before");
    if (reset == true) layer->reset_states();
    if (reset == "states") layer->reset_states(pack_states(layer->cell(), golden.tensors(prefix + "reset_state")));
    text += check_call(golden, *layer, executor, prefix);
  }
  return text;
}

}  // namespace

std::string check_layer(const GoldenCase& golden) {
  std::string text;
  for (const std::string& executor : executors_of(golden)) {
    const std::string differences = check_calls(golden, executor);
    if (!differences.empty()) text += "on " + executor + ": " + differences;
  }
  return text;
}

}  // namespace rondo::golden
