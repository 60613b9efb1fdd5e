#include "layers/keras/dropout.h"

#include "layers/keras/philox.h"
#include "rondo/keras/layers.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

enum class Dropped : std::uint8_t { inputs = 0, states = 1 };

/// A request for one mask.
struct MaskRequest {
  const char* name;  ///< the rate's name in messages
  double rate;
  Dropped dropped;
  std::uint32_t gate;
  Shape shape;  ///< (B, width)
};

// The comparisons turn NaN into 0, as Python's min and max do.
double cut_rate(double rate) { return rate > 0 ? (rate < 1 ? rate : 1.0) : 0.0; }

std::uint32_t low_word(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high_word(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// Element k, counted row by row, is word k % 4 of counter (k / 4, place, call low, call high) under the key (seed low,
// seed high), where place is gate + 2^8 (0 for inputs, 1 for states) + 2^16 (position of the cell in its stack). The
// word's upper 24 bits are a number from 0 to 1, and the element is dropped if that number is below the rate.
Tensor draw_mask(const MaskRequest& request, std::uint64_t seed, const CellContext& context) {
  if (request.rate >= 1) throw ValueError(request.name, "1 or more", "a rate below 1 in training");
  const PhiloxKey key{low_word(seed), high_word(seed)};
  const std::uint32_t place = request.gate + (static_cast<std::uint32_t>(request.dropped) << 8) +
                              (static_cast<std::uint32_t>(context.position) << 16);
  const double kept = 1 / (1 - request.rate);
  std::vector<double> values(static_cast<std::size_t>(request.shape.numel()));
  PhiloxCounter words{};
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (k % 4 == 0) {
      words =
          philox4x32_10({low_word(k / 4), place, low_word(context.dropout_call), high_word(context.dropout_call)}, key);
    }
    const double uniform = static_cast<double>(words[k % 4] >> 8) * 0x1p-24;
    values[k] = uniform >= request.rate ? kept : 0.0;
  }
  return Tensor::from(values, request.shape);
}

}  // namespace

DropoutOptions checked_dropout(const DropoutOptions& options) {
  if (options.implementation != 1 && options.implementation != 2) {
    throw ValueError("implementation", std::to_string(options.implementation), "1 or 2");
  }
  DropoutOptions cut = options;
  cut.dropout = cut_rate(options.dropout);
  cut.recurrent_dropout = cut_rate(options.recurrent_dropout);
  if (cut.recurrent_dropout != 0) cut.implementation = 1;
  return cut;
}

bool is_empty(const DropoutMasks& masks) { return masks.inputs.empty() && masks.recurrent.empty(); }

bool is_one_for_all_gates(const DropoutMasks& masks) { return masks.recurrent.empty() && masks.inputs.size() <= 1; }

DropoutMasks KnownCell::draw_masks(std::int64_t B, const CellContext& context) const {
  const auto gates = static_cast<std::uint32_t>(gate_count(spec_.kind));
  const auto draw = [&](const char* name, double rate, Dropped dropped, std::int64_t width) {
    std::vector<Tensor> masks;
    const std::uint32_t count = rate == 0 ? 0 : dropout_.implementation == 1 ? gates : 1;
    for (std::uint32_t gate = 0; gate < count; ++gate) {
      masks.push_back(draw_mask({name, rate, dropped, gate, {B, width}}, dropout_.seed, context)
                          .to(weights_.kernel.dtype())
                          .to(weights_.kernel.device()));
    }
    return masks;
  };
  return {.inputs = draw("dropout", dropout_.dropout, Dropped::inputs, weights_.kernel.size(0)),
          .recurrent = draw("recurrent_dropout", dropout_.recurrent_dropout, Dropped::states, spec_.units)};
}

// Draws masks before the first step, so that all steps share them, and recorded steps copy no masks to the device.
std::vector<DropoutMasks> RNN::draw_masks(const CallOptions& call, std::int64_t B) const {
  if (!call.training) return {};
  std::vector<const Cell*> cells{cell_.get()};
  if (const auto* stack = dynamic_cast<const StackedRNNCells*>(cell_.get())) {
    cells.clear();
    for (const auto& cell : stack->cells()) cells.push_back(cell.get());
  }
  std::vector<DropoutMasks> masks(cells.size());
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const auto* known = dynamic_cast<const KnownCell*>(cells[k]);
    if (known == nullptr) continue;
    masks[k] = known->draw_masks(B, {.dropout_call = *call.dropout_call, .position = static_cast<int>(k)});
  }
  return masks;
}

bool RNN::can_plan(const std::vector<DropoutMasks>& masks) const {
  for (const DropoutMasks& one : masks) {
    if (!is_one_for_all_gates(one)) return false;
  }
  return !known_cells().empty();
}

}  // namespace rondo
