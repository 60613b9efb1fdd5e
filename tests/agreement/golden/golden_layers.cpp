// Layer cases: SimpleRNN, LSTM, GRU, MGU and RNN of one or several cells, one call or a series of them.

#include "agreement/golden/golden_layers.h"

#include "agreement/golden/golden_own_cells.h"
#include "agreement/golden/golden_steps.h"
#include "rondo/keras/conv_lstm.h"
#include "rondo/keras/mgu.h"

namespace rondo::golden {
namespace {

/// The cell that a layer's or cell's description names.
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

DropoutOptions dropout_options(const nlohmann::json& description) {
  return {.dropout = description.value("dropout", 0.0),
          .recurrent_dropout = description.value("recurrent_dropout", 0.0),
          .implementation = description.value("implementation", 2),
          .seed = description.value("seed", std::uint64_t{0})};
}

std::shared_ptr<Cell> make_cell(const GoldenCase& golden, const nlohmann::json& description,
                                const std::string& prefix) {
  const auto type = description.at("class").get<std::string>();
  if (std::shared_ptr<Cell> own = make_own_cell(golden, type, prefix)) return own;
  const RecurrentWeights weights = cell_weights(golden, prefix);
  const CellKind kind = type.starts_with("LSTM")  ? CellKind::lstm
                        : type.starts_with("GRU") ? CellKind::gru
                                                  : CellKind::simple_rnn;
  return std::make_shared<KnownCell>(cell_spec(description, kind), weights, dropout_options(description));
}

template <typename Options>
void set_layer_options(const GoldenCase& golden, const LayerPart& part, Options& options) {
  options.return_sequences = golden.option("return_sequences");
  options.return_state = golden.option("return_state");
  options.go_backwards = part.go_backwards;
  options.stateful = golden.option("stateful");
  options.unroll = golden.option("unroll");
  options.time_major = golden.option("time_major");
  options.zero_output_for_mask = golden.option("zero_output_for_mask");
}

template <typename Layer, typename Options>
std::unique_ptr<RNN> make_known_layer(const GoldenCase& golden, const LayerPart& part, CellKind kind) {
  const CellSpec cell = cell_spec(part.description, kind);
  const DropoutOptions dropout = dropout_options(part.description);
  Options options;
  options.units = cell.units;
  options.activation = cell.activation;
  options.use_bias = cell.use_bias;
  options.dropout = dropout.dropout;
  options.recurrent_dropout = dropout.recurrent_dropout;
  options.seed = dropout.seed;
  if constexpr (!std::is_same_v<Options, SimpleRNNCellOptions>) {
    options.recurrent_activation = cell.recurrent_activation;
    options.implementation = dropout.implementation;
  }
  if constexpr (std::is_same_v<Options, GRUCellOptions>) options.reset_after = cell.reset_after;
  RNNOptions layer;
  set_layer_options(golden, part, layer);
  return std::make_unique<Layer>(options, cell_weights(golden, part.prefix), layer);
}

std::unique_ptr<RNN> make_mgu(const GoldenCase& golden, const LayerPart& part) {
  const CellSpec cell = cell_spec(part.description, CellKind::mgu);
  RNNOptions options;
  set_layer_options(golden, part, options);
  return std::make_unique<MGU>(MGUCellOptions{.units = cell.units,
                                              .activation = cell.activation,
                                              .recurrent_activation = cell.recurrent_activation,
                                              .use_bias = cell.use_bias},
                               cell_weights(golden, part.prefix), options);
}

std::vector<std::int64_t> numbers(const nlohmann::json& description, const char* name) {
  return description.at(name).get<std::vector<std::int64_t>>();
}

std::unique_ptr<RNN> make_conv_lstm(const GoldenCase& golden, const LayerPart& part) {
  const nlohmann::json& description = part.description;
  const bool first = description.at("data_format") == "channels_first";
  const bool same = description.at("padding") == "same";
  const ConvLSTMCellOptions options{
      .filters = description.at("filters").get<std::int64_t>(),
      .kernel_size = numbers(description, "kernel_size"),
      .strides = numbers(description, "strides"),
      .padding = same ? ConvolutionPadding::same : ConvolutionPadding::valid,
      .data_format = first ? DataFormat::channels_first : DataFormat::channels_last,
      .dilation_rate = numbers(description, "dilation_rate"),
      .activation = activation_from_name(description.at("activation").get<std::string>()),
      .recurrent_activation = activation_from_name(description.at("recurrent_activation").get<std::string>()),
      .use_bias = description.at("use_bias").get<bool>()};
  RNNOptions layer;
  set_layer_options(golden, part, layer);
  RecurrentWeights weights = cell_weights(golden, part.prefix);
  if (description.at("class") == "ConvLSTM1D") return std::make_unique<ConvLSTM1D>(options, std::move(weights), layer);
  if (description.at("class") == "ConvLSTM2D") return std::make_unique<ConvLSTM2D>(options, std::move(weights), layer);
  return std::make_unique<ConvLSTM3D>(options, std::move(weights), layer);
}

Called called(RNN& layer) {
  return {.run = [&layer](const Nest& x, const CallOptions& call) { return layer(x, call); },
          .pack = [&layer](const std::vector<Tensor>& leaves) { return pack_states(layer.cell(), leaves); },
          .reset = [&layer] { layer.reset_states(); },
          .reset_to = [&layer](const States& states) { layer.reset_states(states); }};
}

std::string check_call(const GoldenCase& golden, const Called& layer, const std::string& executor,
                       const std::string& prefix, bool training) {
  const LayerResult result =
      layer.run(golden.nest(prefix + "input"), {.mask = golden.optional_tensor(prefix + "mask"),
                                                .lengths = golden.optional_tensor(prefix + "lengths"),
                                                .resets = golden.optional_tensor(prefix + "resets"),
                                                .reset_state = layer.pack(golden.tensors(prefix + "piece_state")),
                                                .initial_state = layer.pack(golden.tensors(prefix + "initial_state")),
                                                .training = training,
                                                .plan = {.executor = executor}});
  return difference(golden, prefix + "expected/output", result.output) +
         difference(golden, prefix + "expected/state", Nest::tuple(result.states));
}

/// Adds the recurrences of the call whose tensors begin with `prefix`.
void add_specs(const GoldenCase& golden, const RNN& layer, const std::string& prefix, PlannedWork& work) {
  const Tensor x = golden.nest(prefix + "input").flatten()[0];
  const int batch_axis = golden.option("time_major") ? 1 : 0;
  const PlanRequest request{.B = x.size(batch_axis),
                            .T = x.size(1 - batch_axis),
                            .masked = golden.optional_tensor(prefix + "mask").has_value() ||
                                      golden.optional_tensor(prefix + "lengths").has_value(),
                            .has_resets = golden.optional_tensor(prefix + "resets").has_value()};
  if (request.T == 0) work.certain = false;
  for (const Plan& plan : layer.plans(request)) work.specs.push_back(plan.spec());
  const auto* stack = dynamic_cast<const StackedRNNCells*>(&layer.cell());
  if (!layer.known_cells().empty() || stack == nullptr) return;
  // Known cells in a stack with custom cells are called at every step.
  for (const auto& cell : stack->cells()) {
    const auto* known = dynamic_cast<const KnownCell*>(cell.get());
    if (known != nullptr) work.specs.push_back(spec_of_steps(*known, 1, request.B));
  }
}

}  // namespace

PlannedWork planned_work(const GoldenCase& golden, const RNN& layer) {
  PlannedWork work;
  bool trains = false;
  const nlohmann::json once = nlohmann::json::array({nlohmann::json::object()});
  const bool series = golden.options().contains("calls");
  int number = 0;
  for (const auto& call : series ? golden.options().at("calls") : once) {
    add_specs(golden, layer, series ? "call/" + std::to_string(number++) + "/" : "", work);
    trains = trains || call.value("training", false);
  }
  // With dropout, known cells may be called at every step, with ops.
  work.certain = work.certain && !trains;
  work.never_waits = (trains || layer.known_cells().empty()) && golden.option("unroll");
  return work;
}

std::unique_ptr<RNN> make_layer(const GoldenCase& golden, const LayerPart& part) {
  const auto type = part.description.at("class").get<std::string>();
  if (type == "SimpleRNN") return make_known_layer<SimpleRNN, SimpleRNNCellOptions>(golden, part, CellKind::simple_rnn);
  if (type == "LSTM") return make_known_layer<LSTM, LSTMCellOptions>(golden, part, CellKind::lstm);
  if (type == "GRU") return make_known_layer<GRU, GRUCellOptions>(golden, part, CellKind::gru);
  if (type == "MGU") return make_mgu(golden, part);
  if (type.starts_with("ConvLSTM")) return make_conv_lstm(golden, part);
  RNNOptions options;
  set_layer_options(golden, part, options);
  std::vector<std::shared_ptr<Cell>> cells;
  for (const auto& cell : part.description.at("cells")) {
    cells.push_back(make_cell(golden, cell, part.prefix + std::to_string(cells.size()) + "/"));
  }
  return cells.size() == 1 ? std::make_unique<RNN>(cells[0], options) : std::make_unique<RNN>(cells, options);
}

// A ConvLSTMCell has no state_size before its first inputs.
std::size_t state_leaves(const Cell& cell) {
  return dynamic_cast<const ConvLSTMCell*>(&cell) != nullptr ? 2 : cell.state_size().flatten().size();
}

States pack_states(const Cell& cell, const std::vector<Tensor>& leaves) {
  if (leaves.empty()) return {};
  if (dynamic_cast<const ConvLSTMCell*>(&cell) != nullptr) return {leaves.begin(), leaves.end()};
  const Nest packed = cell.state_size().pack(leaves);
  return packed.is_leaf() ? States{packed} : packed.children();
}

std::string check_calls(const GoldenCase& golden, const Called& layer, const std::string& executor) {
  if (!golden.options().contains("calls")) return check_call(golden, layer, executor, "", false);
  std::string text;
  int number = 0;
  for (const auto& call : golden.options().at("calls")) {
    const std::string prefix = "call/" + std::to_string(number++) + "/";
    const nlohmann::json& reset = call.at("reset_states_before");
    if (reset == true) layer.reset();
    if (reset == "states") layer.reset_to(layer.pack(golden.tensors(prefix + "reset_state")));
    text += check_call(golden, layer, executor, prefix, call.value("training", false));
  }
  return text;
}

std::string check_layer(const GoldenCase& golden) {
  const LayerPart part{golden.description().at("layer"), "weight/", golden.option("go_backwards")};
  return on_executors(planned_work(golden, *make_layer(golden, part)), [&](const std::string& executor) {
    return check_calls(golden, called(*make_layer(golden, part)), executor);
  });
}

}  // namespace rondo::golden
