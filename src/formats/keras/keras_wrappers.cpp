#include <set>
#include <utility>

#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_options.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Gives half of a Bidirectional the name and the option that Keras gives it. A ConvLSTM of Keras 2 has no option
/// zero_output_for_mask that it could take.
void force_options(KerasLayer& half, const std::string& direction, const KerasOrigin& origin) {
  for (const std::string given : {"forward_", "backward_"}) {
    if (half.name.starts_with(given)) half.name.erase(0, given.size());
  }
  half.name = direction + half.name;
  RNNOptions* const options = options_of(half);
  if (options == nullptr || (half.conv_lstm && origin.major < 3)) return;
  options->zero_output_for_mask = options->return_sequences;
}

void check_halves(const RNNOptions& forward, const RNNOptions& backward, const std::string& where) {
  if (forward.go_backwards == backward.go_backwards) {
    throw ValueError(where + ": go_backwards", "the same in both layers", "one forward and one backward layer");
  }
  const bool agree = forward.return_sequences == backward.return_sequences &&
                     forward.return_state == backward.return_state && forward.stateful == backward.stateful;
  if (!agree) {
    throw ValueError(where, "layers that differ in return_sequences, return_state or stateful", "layers that agree");
  }
}

std::string parse_merge_mode(const KerasFields& config) {
  const std::string mode = config.contains("merge_mode") ? config.text("merge_mode", "none") : "concat";
  if (std::set<std::string>{"concat", "sum", "mul", "ave", "none"}.count(mode) == 0) {
    throw ValueError(config.where() + ": merge_mode", "'" + mode + "'", "concat, sum, mul, ave or null");
  }
  return mode;
}

}  // namespace

void parse_bidirectional(const KerasFields& config, KerasLayer& layer) {
  const KerasOrigin& origin = config.origin();
  KerasLayer forward = parse_keras_entry(config.object("layer"), origin);
  const bool given = config.contains("backward_layer");
  KerasLayer backward = given ? parse_keras_entry(config.object("backward_layer"), origin) : forward;
  RNNOptions* const options = options_of(backward);
  if (!given && options != nullptr) options->go_backwards = !options->go_backwards;
  force_options(forward, "forward_", origin);
  force_options(backward, "backward_", origin);
  // The layers may have the seed of one configuration, and would then drop the same elements.
  if (backward.recurrent) {
    for (DropoutOptions& dropout : backward.recurrent->dropout) ++dropout.seed;
  }
  layer.wrapped.push_back(std::move(forward));
  layer.wrapped.push_back(std::move(backward));
  layer.merge_mode = parse_merge_mode(config);
  const RNNOptions* const one = options_of(layer.wrapped[0]);
  const RNNOptions* const other = options_of(layer.wrapped[1]);
  if (one != nullptr && other != nullptr) check_halves(*one, *other, config.where());
}

void parse_time_distributed(const KerasFields& config, KerasLayer& layer) {
  layer.wrapped.push_back(parse_keras_entry(config.object("layer"), config.origin()));
}

}  // namespace rondo
