#include <algorithm>
#include <vector>

#include "call.h"
#include "counted_call.h"
#include "host_rows.h"
#include "runner.h"
#include "sequence_table.h"
#include "serving/slot_pool.h"
#include "step_shapes.h"

namespace rondo::triton {
namespace {

/// What a request of a batch still has to do.
struct Work {
  Request* request = nullptr;
  std::int64_t slot = 0;
  std::int64_t row = 0;    ///< of the first step, in all rows of the batch
  std::int64_t steps = 0;  ///< of the request
  std::int64_t done = 0;
};

class PoolRunner final : public Runner {
 public:
  PoolRunner(const ServedModel& model, Device device)
      : config_(model.config),
        shapes_(step_shapes(config_, *model.network)),
        pool_(make_pool(*model.network, device)),
        sizes_(pool_->sizes()),
        table_(sizes_.slots),
        x_(sizes_.max_rows * sizes_.max_steps, sizes_.input_features, sizes_.dtype, cpu()),
        y_(x_.rows(), sizes_.output_features, sizes_.dtype, cpu()) {
    // Slots stay open: whose they are is the table's business, and a sequence that starts begins at the rest state.
    for (std::int64_t k = 0; k < sizes_.slots; ++k) slots_.push_back(pool_->open());
    works_.reserve(static_cast<std::size_t>(config_.max_batch_size));
    chunks_.reserve(works_.capacity());
  }

  void run(std::span<Request> requests, Tally& tally) override {
    table_.begin(SequenceTable::Clock::now());
    works_.clear();
    rows_.clear();
    for (Request& request : requests) {
      if (request.is_ready()) admit(request, tally);
    }
    run_rounds(tally);
    for (const Request& request : requests) {
      if (request.is_ready() && request.ends()) table_.end(request.sequence());
    }
    // The server counts from the arrival of a request, the table from its batch. So the table waits twice as long.
    if (config_.idle.count() > 0) tally.evicted_as_idle += table_.evict_idle(2 * config_.idle);
    tally.sequences = table_.size();
  }

  std::string explain() const override { return explanation_; }

 private:
  std::unique_ptr<SlotPool> make_pool(const LoadedNetwork& network, Device device) {
    const Parameters& parameters = config_.parameters;
    StatePool pool(network,
                   {.slots = config_.places(),
                    .max_rows = config_.max_batch_size,
                    .max_steps = shapes_.T > 0 ? std::min(shapes_.T, parameters.max_steps) : parameters.max_steps,
                    .device = device,
                    .network = {.executor = parameters.executor, .threads = parameters.threads}});
    explanation_ = pool.explain();
    return make_slot_pool(std::move(pool));
  }

  /// Checks all of a request before any of its steps runs: a request that fails leaves its sequence as it was.
  void admit(Request& request, Tally& tally) {
    try {
      const RequestInput input = request.input(config_.inputs.front());
      Work work{.request = &request, .row = static_cast<std::int64_t>(rows_.size() / x_.row_bytes())};
      work.steps = shapes_.steps(input.shape);
      const std::size_t begin = rows_.size();
      rows_.resize(begin + static_cast<std::size_t>(work.steps) * x_.row_bytes());
      Request::copy(input, 0, rows_.data() + begin, rows_.size() - begin);
      if (config_.parameters.refuse_nan && !all_finite(rows_.data() + begin, rows_.size() - begin, sizes_.dtype))
        throw ValueError("input '" + config_.inputs.front().name + "'", "NaN or infinity", "numbers");
      make_output(request, work.steps);
      const SequencePlace place = table_.take(request.sequence(), request.starts());
      if (place.evicted) ++tally.evicted_for_room;
      work.slot = slots_[static_cast<std::size_t>(place.place)];
      works_.push_back(work);
    } catch (const ValueError& error) {
      request.fail(error.what());
      // Requests that follow a broken start must not go on with what the ID stood for before.
      if (request.starts()) table_.end(request.sequence());
    }
  }

  void make_output(Request& request, std::int64_t steps) const {
    const std::int64_t O = sizes_.output_features;
    const std::int64_t shape[] = {1, steps, O};
    const std::int64_t last_alone[] = {1, O};
    if (shapes_.output_has_time) {
      request.make_output(config_.outputs.front(), shape);
    } else {
      request.make_output(config_.outputs.front(), last_alone);
    }
  }

  void run_rounds(Tally& tally) {
    try {
      while (run_round(tally)) {
      }
    } catch (...) {  // states may have changed
      for (const Work& work : works_) table_.end(work.request->sequence());
      throw;
    }
  }

  /// Runs the next steps of all requests that have some, at most max_steps of each.
  bool run_round(Tally& tally) {
    chunks_.clear();
    std::int64_t rows = 0;
    for (const Work& work : works_) {
      const std::int64_t steps = std::min(work.steps - work.done, sizes_.max_steps);
      if (steps == 0) continue;
      chunks_.push_back({.slot = work.slot, .steps = steps, .start = work.request->starts() && work.done == 0});
      std::copy_n(rows_.data() + static_cast<std::size_t>(work.row + work.done) * x_.row_bytes(),
                  static_cast<std::size_t>(steps) * x_.row_bytes(), x_.row(rows));
      rows += steps;
    }
    if (chunks_.empty()) return false;
    counted_call(tally, [&] { pool_->run(chunks_, x_.on_device(rows), y_.on_device(rows)); });
    tally.rows += static_cast<std::int64_t>(chunks_.size());
    tally.steps += rows;
    write_round();
    return true;
  }

  void write_round() {
    std::int64_t row = 0;
    std::size_t chunk = 0;
    for (Work& work : works_) {
      if (work.done == work.steps) continue;
      const std::int64_t steps = chunks_[chunk++].steps;
      const std::int64_t end = work.done + steps;
      if (shapes_.output_has_time) {
        work.request->write(0, static_cast<std::size_t>(work.done) * y_.row_bytes(), y_.row(row),
                            static_cast<std::size_t>(steps) * y_.row_bytes());
      } else if (end == work.steps) {
        work.request->write(0, 0, y_.row(row + steps - 1), y_.row_bytes());
      }
      work.done = end;
      row += steps;
    }
  }

  ModelConfig config_;
  StepShapes shapes_;
  std::string explanation_ = {};
  std::unique_ptr<SlotPool> pool_;
  SlotPoolSizes sizes_;
  SequenceTable table_;
  HostRows x_;
  HostRows y_;
  std::vector<std::int64_t> slots_ = {};  // of the places of the table
  std::vector<std::byte> rows_ = {};      // the inputs of all requests of a batch
  std::vector<Work> works_ = {};
  std::vector<StreamChunk> chunks_ = {};
};

}  // namespace

std::unique_ptr<Runner> pool_runner(const ServedModel& model, Device device) {
  return std::make_unique<PoolRunner>(model, device);
}

}  // namespace rondo::triton
