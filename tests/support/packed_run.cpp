#include "support/packed_run.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "rondo/ops/ops.h"

namespace rondo::test {
namespace {

std::vector<std::int64_t> lengths_of(const RandomRecurrence& recurrence) {
  return recurrence.lengths->to(DType::i64).to_vector<std::int64_t>();
}

/// The rows of a batch, longest first, and how many of them each step has.
struct Order {
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> sizes;

  explicit Order(const RandomRecurrence& recurrence) {
    const std::vector<std::int64_t> lengths = lengths_of(recurrence);
    rows.resize(lengths.size());
    std::iota(rows.begin(), rows.end(), 0);
    std::ranges::stable_sort(rows, std::ranges::greater(),
                             [&](std::int64_t b) { return lengths[static_cast<std::size_t>(b)]; });
    for (std::int64_t t = 0; t < packed_spec(recurrence).T; ++t) {
      sizes.push_back(std::ranges::count_if(lengths, [t](std::int64_t length) { return length > t; }));
    }
  }

  std::int64_t total() const { return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}); }

  /// Calls `visit(n, t, b)` for the n-th row of the packed batch, which is step t of row b of the padded one.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    std::int64_t n = 0;
    for (std::size_t t = 0; t < sizes.size(); ++t) {
      for (std::int64_t k = 0; k < sizes[t]; ++k)
        visit(n++, static_cast<std::int64_t>(t), rows[static_cast<std::size_t>(k)]);
    }
  }
};

/// (T, B, ...) as (N, ...).
Tensor packed(const Tensor& padded, const Order& order) {
  Shape shape = padded.shape().erase(0);
  shape[0] = order.total();
  const Tensor result = Tensor::empty(shape, padded.dtype());
  order.for_each([&](std::int64_t n, std::int64_t t, std::int64_t b) {
    result.slice(0, n, n + 1).copy_from(padded.select(0, t).slice(0, b, b + 1));
  });
  return result;
}

/// (B, ...) with the rows in another order.
Tensor reordered(const Tensor& batch, const std::vector<std::int64_t>& rows) {
  const Tensor result = batch.clone();
  for (std::size_t b = 0; b < rows.size(); ++b) {
    result.select(0, static_cast<std::int64_t>(b)).copy_from(batch.select(0, rows[b]));
  }
  return result;
}

Tensor integers(const std::vector<std::int64_t>& numbers, const Packing& packing, Device device) {
  return Tensor::from(numbers, {std::ssize(numbers)}).to(packing.sizes).to(packing.sizes_on_host ? cpu() : device);
}

}  // namespace

bool can_be_packed(const RecurrenceSpec& spec) {
  return spec.has_lengths && !spec.has_mask && spec.rules.read != ReadOrder::reversed;
}

RecurrenceSpec packed_spec(const RandomRecurrence& recurrence) {
  const std::vector<std::int64_t> lengths = lengths_of(recurrence);
  RecurrenceSpec spec = recurrence.spec;
  spec.has_lengths = false;
  spec.packed = true;
  spec.T = lengths.empty() ? 0 : std::ranges::max(lengths);
  return spec;
}

RunResult run_packed(const Plan& plan, const RandomRecurrence& recurrence, const Packing& packing) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const RecurrenceSpec& spec = plan.spec();
  const Order order(recurrence);
  std::vector<std::int64_t> in_order(order.rows.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  const std::vector<std::int64_t>& state_rows = packing.by_index ? in_order : order.rows;
  const auto moved = [&](const Tensor& tensor) { return tensor.to(spec.dtype).to(spec.device); };
  const auto unwritten = [&](const Shape& shape) { return Tensor::full(shape, kNaN, spec.dtype, spec.device); };
  const std::int64_t features = output_units(spec.cell);

  SessionTensors tensors{.x = moved(packed(recurrence.x, order))};
  if (spec.has_resets) tensors.resets = packed(*recurrence.resets, order).to(spec.device);
  for (const Tensor& state : recurrence.reset_state) {
    tensors.reset_state.push_back(moved(state.rank() == 1 ? state : reordered(state, state_rows)));
  }
  for (const Tensor& state : recurrence.initial_state)
    tensors.initial_state.push_back(moved(reordered(state, state_rows)));
  tensors.y = unwritten({order.total(), features});
  tensors.last_output = unwritten({spec.B, features});
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    tensors.final_state.push_back(unwritten({spec.B, state_units(spec.cell, k)}));
  }
  tensors.batch_sizes = integers(order.sizes, packing, spec.device);
  if (packing.by_index) tensors.row_indices = integers(order.rows, packing, spec.device);
  Session session(plan, recurrence.weights.map(moved));
  session.run(tensors);

  std::vector<std::int64_t> places(state_rows.size());  // where the row of each state is
  for (std::size_t b = 0; b < state_rows.size(); ++b) {
    places[static_cast<std::size_t>(state_rows[b])] = static_cast<std::int64_t>(b);
  }
  RunResult result{Tensor::zeros({recurrence.spec.T, spec.B, features}, spec.dtype),
                   reordered(tensors.last_output->to(cpu()), places),
                   {}};
  const Tensor y = tensors.y->to(cpu());
  order.for_each([&](std::int64_t n, std::int64_t t, std::int64_t b) {
    result.y.select(0, t).select(0, b).copy_from(y.select(0, n));
  });
  for (const Tensor& state : tensors.final_state) result.final_state.push_back(reordered(state.to(cpu()), places));
  return result;
}

void clear_padding(RunResult& result, const RandomRecurrence& recurrence) {
  const std::vector<std::int64_t> lengths = lengths_of(recurrence);
  for (std::int64_t b = 0; b < recurrence.spec.B; ++b) {
    const std::int64_t length = std::min(lengths[static_cast<std::size_t>(b)], recurrence.spec.T);
    result.y.slice(0, length, recurrence.spec.T).select(1, b).fill(0.0);
  }
}

}  // namespace rondo::test
