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

void draw_longest_row(Random& random, RandomRecurrence& recurrence) {
  recurrence.x = where(recurrence.live.insert_axis(2), recurrence.x, zeros_like(recurrence.x));
  recurrence.lengths->data<std::int32_t>()[random.integer(0, recurrence.spec.B - 1)] =
      static_cast<std::int32_t>(recurrence.spec.T);
}

RecurrenceSpec packed_spec(const RandomRecurrence& recurrence) {
  const std::vector<std::int64_t> lengths = lengths_of(recurrence);
  RecurrenceSpec spec = recurrence.spec;
  spec.has_lengths = false;
  spec.packed = true;
  spec.T = lengths.empty() ? 0 : std::ranges::max(lengths);
  return spec;
}

namespace {

/// A packed run of a recurrence: its tensors, and where its rows are.
class PackedRun {
 public:
  PackedRun(const Plan& plan, const RandomRecurrence& recurrence, const Packing& packing)
      : spec_(plan.spec()), padded_steps_(recurrence.spec.T), order_(recurrence) {
    std::vector<std::int64_t> in_order(order_.rows.size());
    std::iota(in_order.begin(), in_order.end(), 0);
    state_rows_ = packing.by_index ? in_order : order_.rows;
    tensors_.x = moved(packed(recurrence.x, order_));
    if (spec_.has_resets) tensors_.resets = packed(*recurrence.resets, order_).to(spec_.device);
    for (const Tensor& state : recurrence.reset_state) {
      tensors_.reset_state.push_back(state.rank() == 1 ? moved(state) : moved_rows(state));
    }
    for (const Tensor& state : recurrence.initial_state) tensors_.initial_state.push_back(moved_rows(state));
    const std::int64_t features = output_units(spec_.cell);
    tensors_.y = unwritten({order_.total(), features});
    tensors_.last_output = unwritten({spec_.B, features});
    tensors_.final_state = unwritten_states();
    tensors_.batch_sizes = integers(order_.sizes, packing, spec_.device);
    if (packing.by_index) tensors_.row_indices = integers(order_.rows, packing, spec_.device);
    if (plan.reserve_bytes() == 0) return;
    tensors_.reserve = plan.empty_reserve(order_.total());
    tensors_.reserve->fill(255);
  }

  const SessionTensors& tensors() const { return tensors_; }

  RunResult result() const {
    RunResult result{padded(*tensors_.y), in_place(*tensors_.last_output), {}};
    for (const Tensor& state : tensors_.final_state) result.final_state.push_back(in_place(state));
    return result;
  }

  /// Given gradients, packed, and room for the others.
  SessionGradients gradients(const RandomRecurrence& recurrence, const Upstream& upstream) const {
    SessionGradients gradients;
    if (upstream.y) gradients.y = moved(packed(*upstream.y, order_));
    if (upstream.last_output) gradients.last_output = moved_rows(*upstream.last_output);
    for (const Tensor& state : upstream.final_state) gradients.final_state.push_back(moved_rows(state));
    gradients.x = unwritten({order_.total(), spec_.I});
    gradients.initial_state = unwritten_states();
    for (const Tensor& state : tensors_.reset_state) gradients.reset_state.push_back(unwritten(state.shape()));
    gradients.weights.kernel = unwritten(recurrence.weights.kernel.shape());
    gradients.weights.recurrent_kernel = unwritten(recurrence.weights.recurrent_kernel.shape());
    return gradients;
  }

  Gradients taken(const SessionGradients& gradients) const {
    Gradients result{padded(*gradients.x), {}, {}, gradients.weights};
    for (const Tensor& state : gradients.initial_state) result.initial_state.push_back(in_place(state));
    for (const Tensor& state : gradients.reset_state) {
      result.reset_state.push_back(state.rank() == 1 ? state.to(cpu()) : in_place(state));
    }
    return result;
  }

  Tensor moved(const Tensor& tensor) const { return tensor.to(spec_.dtype).to(spec_.device); }

 private:
  Tensor moved_rows(const Tensor& state) const { return moved(reordered(state, state_rows_)); }
  Tensor unwritten(const Shape& shape) const {
    return Tensor::full(shape, std::numeric_limits<double>::quiet_NaN(), spec_.dtype, spec_.device);
  }
  std::vector<Tensor> unwritten_states() const {
    std::vector<Tensor> states;
    for (int k = 0; k < state_count(spec_.cell.kind); ++k) {
      states.push_back(unwritten({spec_.B, state_units(spec_.cell, k)}));
    }
    return states;
  }
  /// (N, width) as (T, B, width), with zeros where the packed batch has no rows.
  Tensor padded(const Tensor& rows) const {
    const Tensor result = Tensor::zeros({padded_steps_, spec_.B, rows.size(1)}, spec_.dtype);
    const Tensor on_cpu = rows.to(cpu());
    order_.for_each([&](std::int64_t n, std::int64_t t, std::int64_t b) {
      result.select(0, t).select(0, b).copy_from(on_cpu.select(0, n));
    });
    return result;
  }
  /// Rows of states in the order of the padded batch.
  Tensor in_place(const Tensor& states) const {
    std::vector<std::int64_t> places(state_rows_.size());
    for (std::size_t b = 0; b < state_rows_.size(); ++b) {
      places[static_cast<std::size_t>(state_rows_[b])] = static_cast<std::int64_t>(b);
    }
    return reordered(states.to(cpu()), places);
  }

  const RecurrenceSpec spec_;
  const std::int64_t padded_steps_;
  const Order order_;
  std::vector<std::int64_t> state_rows_;
  SessionTensors tensors_;
};

}  // namespace

RunResult run_packed(const Plan& plan, const RandomRecurrence& recurrence, const Packing& packing) {
  const PackedRun run(plan, recurrence, packing);
  Session session(plan, recurrence.weights.map([&](const Tensor& weight) { return run.moved(weight); }));
  session.run(run.tensors());
  return run.result();
}

Gradients packed_gradients(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream,
                           const Packing& packing) {
  const PackedRun run(plan, recurrence, packing);
  Session session(plan, recurrence.weights.map([&](const Tensor& weight) { return run.moved(weight); }));
  session.run(run.tensors());
  const SessionGradients gradients = run.gradients(recurrence, upstream);
  session.backward(run.tensors(), gradients);
  return run.taken(gradients);
}

void clear_padding(RunResult& result, const RandomRecurrence& recurrence) {
  const std::vector<std::int64_t> lengths = lengths_of(recurrence);
  for (std::int64_t b = 0; b < recurrence.spec.B; ++b) {
    const std::int64_t length = std::min(lengths[static_cast<std::size_t>(b)], recurrence.spec.T);
    result.y.slice(0, length, recurrence.spec.T).select(1, b).fill(0.0);
  }
}

}  // namespace rondo::test
