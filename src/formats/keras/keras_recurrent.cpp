#include "formats/keras/keras_recurrent.h"

#include <optional>
#include <utility>

#include "formats/keras/keras_class.h"
#include "rondo/formats/keras_registry.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

// All cells that Keras has.
constexpr std::pair<CellKind, const char*> kClasses[] = {
    {CellKind::simple_rnn, "SimpleRNN"}, {CellKind::lstm, "LSTM"}, {CellKind::gru, "GRU"}};

std::optional<CellKind> kind_of(const std::string& class_name, const std::string& suffix) {
  for (const auto& [kind, name] : kClasses) {
    if (class_name == name + suffix) return kind;
  }
  return std::nullopt;
}

/// The cell of CuDNNLSTM or CuDNNGRU. Their configurations have no activations and no use_bias, which cuDNN does not
/// choose, whatever version of Keras wrote them.
std::optional<CellSpec> parse_cudnn_cell(const std::string& class_name, const KerasFields& config) {
  if (class_name == "CuDNNLSTM") return CellSpec{.kind = CellKind::lstm, .units = config.units()};
  if (class_name == "CuDNNGRU") return CellSpec{.kind = CellKind::gru, .units = config.units()};
  return std::nullopt;
}

/// Whether LSTM and GRU had the defaults that Keras 2.3 changed: hard_sigmoid, and a mask of dropout for each gate.
bool has_old_defaults(const KerasOrigin& origin) { return origin.before(2, 3); }

/// The key of today, or that of Keras 1 where the configuration has it alone.
const char* either(const KerasFields& config, const char* today, const char* keras1) {
  return !config.contains(today) && config.contains(keras1) ? keras1 : today;
}

/// Missing keys have the defaults of the Keras that wrote the file. Every Keras 2 that knows `reset_after` writes this
/// key, so a GRU without the key is older than the option, whichever version wrote the rest of the file.
CellSpec parse_cell(CellKind kind, const KerasFields& config) {
  CellSpec cell;
  cell.kind = kind;
  cell.units = config.count(either(config, "units", "output_dim"));
  cell.activation = config.activation("activation", Activation::tanh);
  cell.use_bias = config.flag("use_bias", true);
  if (kind != CellKind::simple_rnn) {
    cell.recurrent_activation =
        config.activation(either(config, "recurrent_activation", "inner_activation"),
                          has_old_defaults(config.origin()) ? Activation::hard_sigmoid : Activation::sigmoid);
  }
  if (kind == CellKind::gru) cell.reset_after = config.flag("reset_after", config.origin().major >= 3);
  return cell;
}

/// `implementation` 0 is Keras 1's and means 1; every number but 0 and 1 means 2. Keras 3 allows any value as a seed; a
/// seed that is no number is ignored.
DropoutOptions parse_dropout(const KerasFields& config) {
  const double implementation = config.number("implementation", has_old_defaults(config.origin()) ? 1 : 2);
  return {.dropout = config.number(either(config, "dropout", "dropout_W"), 0),
          .recurrent_dropout = config.number(either(config, "recurrent_dropout", "dropout_U"), 0),
          .implementation = implementation == 0 || implementation == 1 ? 1 : 2,
          .seed = config.seed()};
}

void parse_cell_entry(const json& value, const KerasFields& layer, KerasRecurrentConfiguration& recurrent) {
  const KerasFields entry(value, layer.where() + ": cell", layer.origin());
  const std::string class_name = class_of(entry);
  const std::optional<CellKind> kind = kind_of(known_class(class_name, layer.origin()), "Cell");
  if (!kind) {
    throw ValueError(
        layer.where() + ": cell class", "'" + class_name + "'",
        "SimpleRNNCell, LSTMCell or GRUCell; a KerasRegistry may say that it is one of these, and may have "
        "a factory for the cell of an RNN of one cell");
  }
  const KerasFields config(entry.object("config"), entry.where(), layer.origin());
  recurrent.cells.push_back(parse_cell(*kind, config));
  recurrent.dropout.push_back(parse_dropout(config));
  recurrent.cell_classes.push_back(class_name);
}

void parse_stack(const KerasFields& stack, const KerasFields& layer, KerasRecurrentConfiguration& recurrent) {
  recurrent.stacked = true;
  if (stack.flag("reverse_state_order", false)) {
    throw ValueError(layer.where() + ": reverse_state_order", "true", "false");
  }
  for (const json& cell : stack.list("cells")) parse_cell_entry(cell, layer, recurrent);
  if (recurrent.cells.empty()) throw ValueError(layer.where() + ": cells", "none", "at least one");
}

/// The cell for which the registry has a factory, if it is that.
std::optional<KerasOwnCell> own_cell(const json& cell, const KerasFields& entry) {
  const KerasRegistry* const registry = entry.origin().registry;
  if (registry == nullptr) return std::nullopt;
  const std::string class_name = class_of(entry);
  const KerasCellFactory* const make = registry->cell_factory(class_name);
  if (make == nullptr) return std::nullopt;
  return KerasOwnCell{class_name, cell.dump(), *make};
}

/// The cell or the cells of a layer of the class RNN.
void parse_cells(const KerasFields& config, KerasRecurrentConfiguration& recurrent, KerasLayer& layer) {
  const json& cell = config.object("cell");
  const KerasFields entry(cell, config.where() + ": cell", config.origin());
  if (class_of(entry) == "StackedRNNCells") {
    parse_stack(KerasFields(entry.object("config"), entry.where(), config.origin()), config, recurrent);
  } else if (std::optional<KerasOwnCell> own = own_cell(cell, entry)) {
    recurrent.cell_classes.push_back(own->class_name);
    layer.own_cell = std::move(own);
  } else {
    parse_cell_entry(cell, config, recurrent);
  }
}

}  // namespace

std::string keras_class(CellKind kind) {
  for (const auto& [known, name] : kClasses) {
    if (known == kind) return name;
  }
  throw ValueError("cell", to_string(kind), "one that Keras has: SimpleRNN, LSTM or GRU");
}

bool is_keras_recurrent(const std::string& class_name) {
  return class_name == "RNN" || class_name == "CuDNNLSTM" || class_name == "CuDNNGRU" || kind_of(class_name, "");
}

RNNOptions parse_rnn_options(const KerasFields& config) {
  RNNOptions options;
  options.return_sequences = config.flag("return_sequences", false);
  options.return_state = config.flag("return_state", false);
  options.go_backwards = config.flag("go_backwards", false);
  options.stateful = config.flag("stateful", false);
  options.unroll = config.flag("unroll", false);
  options.time_major = config.flag("time_major", false);
  options.zero_output_for_mask = config.flag("zero_output_for_mask", false);
  return options;
}

void parse_keras_recurrent(const std::string& class_name, const KerasFields& config, KerasLayer& layer) {
  KerasRecurrentConfiguration recurrent;
  recurrent.options = parse_rnn_options(config);
  if (const std::optional<CellKind> kind = kind_of(class_name, "")) {
    recurrent.cells.push_back(parse_cell(*kind, config));
    recurrent.dropout.push_back(parse_dropout(config));
  } else if (const std::optional<CellSpec> cell = parse_cudnn_cell(class_name, config)) {
    recurrent.cells.push_back(*cell);
    recurrent.dropout.emplace_back();
  } else {
    parse_cells(config, recurrent, layer);
  }
  layer.recurrent = std::move(recurrent);
}

}  // namespace rondo
