#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

#include "counts.h"
#include "cpu/threads/pool_scope.h"
#include "node_kernel.h"
#include "rondo/serving/state_pool.h"
#include "sequence_table.h"
#include "stream_rows.h"
#include "tensor/requirement.h"

namespace rondo::ort {
namespace {

constexpr std::int64_t kMostSteps = 64;  // of a call of the pool: more gain nothing, and need more memory

/// A part of a call that the pool takes at once.
struct Window {
  std::int64_t first_row = 0;
  std::int64_t rows = 0;
  std::int64_t first_step = 0;
  std::int64_t steps = 0;

  Tensor of(const Tensor& sequence) const {
    return sequence.slice(0, first_row, first_row + rows).slice(1, first_step, first_step + steps);
  }
};

StatePool make_pool(const StreamNode& node, const KernelSetting& setting) {
  const PoolScope scope(setting.lent_threads);
  return {node.network,
          {.slots = node.slots,
           .max_rows = node.rows,
           .max_steps = kMostSteps,
           .network = {.threads = setting.options.threads, .math = setting.options.math}}};
}

class StreamKernel final : public NodeKernel {
 public:
  StreamKernel(const GraphNode& node, const KernelSetting& setting)
      : where_("node '" + node.name + "': "),
        node_(read_stream_node(node)),
        pool_(make_pool(node_, setting)),
        table_(node_.slots) {
    for (std::size_t k = 0; k < std::min(places_.size(), node.message.inputs.size()); ++k) {
      places_[k] = place_of(setting.fused.inputs, node.message.inputs[k]);
    }
    for (std::size_t k = 0; k < std::min(outputs_.size(), node.message.outputs.size()); ++k) {
      outputs_[k] = place_of(setting.fused.outputs, node.message.outputs[k]);
    }
    // Slots stay open: whose they are is the table's business, and a stream that starts begins at the rest state.
    for (std::int64_t k = 0; k < node_.slots; ++k) slots_.push_back(pool_.open());
  }

  void run(const Call& call) override try {
    const Tensor x = batch_first(call.input(places_[0].value(), "X"));
    const std::vector<StreamRow> rows = read_stream_rows(call, places_, x.size(0));
    const Tensor y = output(call, x);
    const LentThreads::Use use(call);
    const std::lock_guard lock(mutex_);
    const std::vector<std::int64_t> slots = admit(rows);
    try {
      run_windows(rows, slots, x, y);
    } catch (...) {  // states may have changed
      for (const StreamRow& row : rows) table_.end(row.session);
      throw;
    }
    for (const StreamRow& row : rows) {
      if (row.end) table_.end(row.session);
    }
    write_last(call, y);
    tally(Counted::runs);
  } catch (const ValueError& error) {
    throw ValueError(where_ + error.what());
  }

 private:
  /// X as (B, T, I), whatever its layout.
  Tensor batch_first(const Tensor& x) const {
    const std::int64_t I = pool_.input_features();
    const bool fits = x.defined() && x.rank() == 3 && x.size(0) > 0 && x.size(1) > 0;
    const std::string axes = node_.batch_major ? "(B, T, " : "(T, B, ";
    if (!fits) {
      throw ValueError("X", x.defined() ? describe(x) : "nothing", axes + std::to_string(I) + ") with a step at least");
    }
    check_tensor(x, {.name = "X", .shape = {x.size(0), x.size(1), I}, .dtype = pool_.dtype()});
    return node_.batch_major ? x : x.swap_axes(0, 1);
  }

  /// Y as (B, T, H): the runtime's memory, or ours where the model does not want it.
  Tensor output(const Call& call, const Tensor& x) const {
    const std::int64_t B = x.size(0);
    const std::int64_t T = x.size(1);
    const std::int64_t H = pool_.output_features();
    if (!outputs_[0]) return Tensor::empty({B, T, H}, pool_.dtype());
    if (node_.batch_major) return call.output(*outputs_[0], {B, T, 1, H}, pool_.dtype()).erase_axis(2);
    return call.output(*outputs_[0], {T, 1, B, H}, pool_.dtype()).erase_axis(1).swap_axes(0, 1);
  }

  /// Y_h, which of a stream without lengths is the last step of Y.
  void write_last(const Call& call, const Tensor& y) const {
    if (!outputs_[1]) return;
    const std::int64_t B = y.size(0);
    const std::int64_t H = y.size(2);
    const Shape shape = node_.batch_major ? Shape{B, 1, H} : Shape{1, B, H};
    call.output(*outputs_[1], shape, pool_.dtype()).copy_from(y.select(1, y.size(1) - 1).reshape(shape));
  }

  /// The slots of all rows. Where one is refused, none of the call's streams begins.
  std::vector<std::int64_t> admit(const std::vector<StreamRow>& rows) {
    table_.begin(SequenceTable::Clock::now());
    if (node_.idle.count() > 0) tally(Counted::streams_evicted, table_.evict_idle(node_.idle));
    std::vector<std::int64_t> slots;
    try {
      for (const StreamRow& row : rows) {
        const SequencePlace place = table_.take(row.session, row.start);
        if (row.start) tally(Counted::streams_begun);
        if (place.evicted) tally(Counted::streams_evicted);
        slots.push_back(slots_[static_cast<std::size_t>(place.place)]);
      }
    } catch (const Error&) {
      for (const StreamRow& row : rows) {
        if (row.start) table_.end(row.session);
      }
      throw;
    }
    return slots;
  }

  void run_windows(const std::vector<StreamRow>& rows, const std::vector<std::int64_t>& slots, const Tensor& x,
                   const Tensor& y) {
    Window window;
    for (window.first_row = 0; window.first_row < x.size(0); window.first_row += window.rows) {
      window.rows = std::min(node_.rows, x.size(0) - window.first_row);
      for (window.first_step = 0; window.first_step < x.size(1); window.first_step += window.steps) {
        window.steps = std::min(kMostSteps, x.size(1) - window.first_step);
        run_window(rows, slots, window.of(x), window.of(y), window);
      }
    }
  }

  void run_window(const std::vector<StreamRow>& rows, const std::vector<std::int64_t>& slots, const Tensor& x,
                  const Tensor& y, const Window& window) {
    chunks_.clear();
    for (std::int64_t k = 0; k < window.rows; ++k) {
      const auto row = static_cast<std::size_t>(window.first_row + k);
      chunks_.push_back(
          {.slot = slots[row], .steps = window.steps, .start = rows[row].start && window.first_step == 0});
    }
    const std::int64_t steps = window.rows * window.steps;
    const Tensor written = y.is_contiguous() ? y : Tensor::empty(y.shape(), y.dtype());
    pool_.run(chunks_, x.contiguous().reshape({steps, x.size(2)}), written.reshape({steps, y.size(2)}));
    if (!y.is_contiguous()) y.copy_from(written);
  }

  const std::string where_;
  const StreamNode node_;
  StreamPlaces places_ = {};
  std::array<std::optional<std::size_t>, 2> outputs_ = {};  // Y and Y_h among the outputs of the fused node
  std::mutex mutex_;                                        // for all below
  StatePool pool_;
  SequenceTable table_;
  std::vector<std::int64_t> slots_ = {};  // of the places of the table
  std::vector<StreamChunk> chunks_ = {};
};

}  // namespace

std::unique_ptr<NodeKernel> make_stream_kernel(const GraphNode& node, const KernelSetting& setting) {
  return std::make_unique<StreamKernel>(node, setting);
}

}  // namespace rondo::ort
