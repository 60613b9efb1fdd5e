#include "formats/keras/keras_recurrent.h"

#include <optional>
#include <utility>

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

/// Whether LSTM and GRU had the defaults that Keras 2.3 changed: hard_sigmoid, and a mask of dropout for each gate.
bool has_old_defaults(const KerasOrigin& origin) { return origin.before(2, 3); }

/// Missing keys have the defaults of the Keras that wrote the file. Every Keras 2 that knows `reset_after` writes this
/// key, so a GRU without the key is older than the option, whichever version wrote the rest of the file.
CellSpec parse_cell(CellKind kind, const KerasFields& config) {
  CellSpec cell;
  cell.kind = kind;
  cell.units = config.units();
  cell.activation = config.activation("activation", Activation::tanh);
  cell.use_bias = config.flag("use_bias", true);
  if (kind != CellKind::simple_rnn) {
    cell.recurrent_activation = config.activation(
        "recurrent_activation", has_old_defaults(config.origin()) ? Activation::hard_sigmoid : Activation::sigmoid);
  }
  if (kind == CellKind::gru) cell.reset_after = config.flag("reset_after", config.origin().major >= 3);
  return cell;
}

/// `implementation` 0 is Keras 1's and means 1; every number but 0 and 1 means 2. Keras 3 allows any value as a seed; a
/// seed that is no number is ignored.
DropoutOptions parse_dropout(const KerasFields& config) {
  const double implementation = config.number("implementation", has_old_defaults(config.origin()) ? 1 : 2);
  return {.dropout = config.number("dropout", 0),
          .recurrent_dropout = config.number("recurrent_dropout", 0),
          .implementation = implementation == 0 || implementation == 1 ? 1 : 2,
          .seed = config.seed()};
}

RNNOptions parse_options(const KerasFields& config) {
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

void parse_cell_entry(const json& value, const KerasFields& layer, KerasRecurrentConfiguration& recurrent) {
  const KerasFields entry(value, layer.where() + ": cell", layer.origin());
  const std::string class_name = entry.text("class_name");
  const std::optional<CellKind> kind = kind_of(class_name, "Cell");
  if (!kind) {
    throw ValueError(layer.where() + ": cell class", "'" + class_name + "'", "SimpleRNNCell, LSTMCell or GRUCell");
  }
  const KerasFields config(entry.object("config"), entry.where(), layer.origin());
  recurrent.cells.push_back(parse_cell(*kind, config));
  recurrent.dropout.push_back(parse_dropout(config));
}

void parse_stack(const KerasFields& stack, const KerasFields& layer, KerasRecurrentConfiguration& recurrent) {
  recurrent.stacked = true;
  if (stack.flag("reverse_state_order", false)) {
    throw ValueError(layer.where() + ": reverse_state_order", "true", "false");
  }
  for (const json& cell : stack.list("cells")) parse_cell_entry(cell, layer, recurrent);
  if (recurrent.cells.empty()) throw ValueError(layer.where() + ": cells", "none", "at least one");
}

}  // namespace

std::string keras_class(CellKind kind) {
  for (const auto& [known, name] : kClasses) {
    if (known == kind) return name;
  }
  throw ValueError("cell", to_string(kind), "one that Keras has: SimpleRNN, LSTM or GRU");
}

bool is_keras_recurrent(const std::string& class_name) { return class_name == "RNN" || kind_of(class_name, ""); }

KerasRecurrentConfiguration parse_keras_recurrent(const std::string& class_name, const KerasFields& config) {
  KerasRecurrentConfiguration recurrent;
  recurrent.options = parse_options(config);
  if (const std::optional<CellKind> kind = kind_of(class_name, "")) {
    recurrent.cells.push_back(parse_cell(*kind, config));
    recurrent.dropout.push_back(parse_dropout(config));
    return recurrent;
  }
  const json& cell = config.object("cell");
  const KerasFields entry(cell, config.where() + ": cell", config.origin());
  if (entry.text("class_name") == "StackedRNNCells") {
    parse_stack(KerasFields(entry.object("config"), entry.where(), config.origin()), config, recurrent);
  } else {
    parse_cell_entry(cell, config, recurrent);
  }
  return recurrent;
}

}  // namespace rondo
