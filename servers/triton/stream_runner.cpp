#include <algorithm>
#include <vector>

#include "call.h"
#include "counted_call.h"
#include "host_rows.h"
#include "rondo/models/model.h"
#include "runner.h"
#include "sequence_table.h"

namespace rondo::triton {
namespace {

/// Whole models step stream by stream: their layers are not recurrences alone, for which there is the pool.
class StreamRunner final : public Runner {
 public:
  StreamRunner(const ServedModel& model, Device device)
      : config_(model.config),
        model_(*model.keras, {.device = device, .threads = config_.parameters.threads}),
        table_(config_.places()) {
    check_one("input", config_.inputs.size(), model_.inputs().size());
    check_one("output", config_.outputs.size(), model_.outputs().size());
    const ModelTensor& input = model_.inputs().front();
    if (input.shape.rank() < 3)
      throw ValueError(model.file.string(), "an input " + to_string(input.shape),
                       "one with an axis of time: (B, T, ...)");
    std::vector<std::int64_t> sizes = {1};
    for (int axis = 2; axis < input.shape.rank(); ++axis) sizes.push_back(input.shape[axis]);
    x_ =
        Tensor::zeros(Shape(std::span<const std::int64_t>(sizes)), dtype_of_data(config_.inputs.front().type, "input"));
    for (std::int64_t k = 0; k < config_.places(); ++k) {
      streams_.push_back(model_.stream());
      y_ = streams_.back().step(x_).to(cpu());  // plans
      streams_.back().reset();
    }
    input_has_time_ = has_time("input", config_.inputs.front(), x_);
    output_has_time_ = has_time("output", config_.outputs.front(), y_);
  }

  void run(std::span<Request> requests, Tally& tally) override {
    table_.begin(SequenceTable::Clock::now());
    for (Request& request : requests) {
      if (!request.is_ready()) continue;
      try {
        step(request, tally);
      } catch (const ValueError& error) {
        request.fail(error.what());
        if (request.starts()) table_.end(request.sequence());
      }
      if (request.ends()) table_.end(request.sequence());
    }
    if (config_.idle.count() > 0) tally.evicted_as_idle += table_.evict_idle(2 * config_.idle);
    tally.sequences = table_.size();
  }

  std::string explain() const override { return model_.describe(); }

 private:
  static void check_one(const std::string& list, std::size_t configured, std::size_t of_model) {
    if (configured == 1 && of_model == 1) return;
    throw ValueError(list,
                     std::to_string(configured) + " in config.pbtxt, " + std::to_string(of_model) + " of the model",
                     "one of a model that reads sequences step by step");
  }

  /// Whether dims have an axis of time before the sizes of a step, which are those of `step` (1, ...).
  static bool has_time(const std::string& list, const TensorConfig& config, const Tensor& step) {
    std::vector<std::int64_t> sizes;
    for (int axis = 1; axis < step.rank(); ++axis) sizes.push_back(step.size(axis));
    const bool timed = config.dims.size() == sizes.size() + 1;
    if (timed) sizes.insert(sizes.begin(), config.dims.front());
    if (config.dims != sizes || config.type != data_type_of(step.dtype()))
      throw ValueError(list + " '" + config.name + "'", to_string(config.type) + " of other dims",
                       describe(step) + " of each step, without the first axis, or with -1 for time before it");
    return timed;
  }

  void step(Request& request, Tally& tally) {
    const RequestInput input = request.input(config_.inputs.front());
    const std::int64_t steps = input_has_time_ ? input.shape[1] : 1;
    const std::size_t x_bytes = static_cast<std::size_t>(x_.numel()) * size_of(x_.dtype());
    rows_.resize(static_cast<std::size_t>(steps) * x_bytes);
    Request::copy(input, 0, rows_.data(), rows_.size());
    if (config_.parameters.refuse_nan && !all_finite(rows_.data(), rows_.size(), x_.dtype()))
      throw ValueError("input '" + config_.inputs.front().name + "'", "NaN or infinity", "numbers");
    make_output(request, steps);
    const SequencePlace place = table_.take(request.sequence(), request.starts());
    if (place.evicted) ++tally.evicted_for_room;
    ModelStream& stream = streams_[static_cast<std::size_t>(place.place)];
    if (request.starts()) stream.reset();
    try {
      run_steps(request, stream, steps, tally);
    } catch (...) {  // some of the steps may have changed the states
      table_.end(request.sequence());
      throw;
    }
    ++tally.rows;
    tally.steps += steps;
  }

  /// The steps whose inputs are in `rows_`.
  void run_steps(Request& request, ModelStream& stream, std::int64_t steps, Tally& tally) {
    const std::size_t x_bytes = rows_.size() / static_cast<std::size_t>(steps);
    for (std::int64_t t = 0; t < steps; ++t) {
      std::copy_n(rows_.data() + static_cast<std::size_t>(t) * x_bytes, x_bytes, static_cast<std::byte*>(x_.data()));
      counted_call(tally, [&] { y_ = stream.step(x_).to(cpu()).contiguous(); });
      const std::size_t bytes = static_cast<std::size_t>(y_.numel()) * size_of(y_.dtype());
      const std::int64_t at = output_has_time_ ? t : 0;
      if (output_has_time_ || t + 1 == steps)
        request.write(0, static_cast<std::size_t>(at) * bytes, static_cast<const std::byte*>(y_.data()), bytes);
    }
  }

  void make_output(Request& request, std::int64_t steps) const {
    std::vector<std::int64_t> shape = {1};
    if (output_has_time_) shape.push_back(steps);
    for (int axis = 1; axis < y_.rank(); ++axis) shape.push_back(y_.size(axis));
    request.make_output(config_.outputs.front(), shape);
  }

  ModelConfig config_;
  Model model_;
  SequenceTable table_;
  std::vector<ModelStream> streams_ = {};  // of the places of the table
  bool input_has_time_ = false;
  bool output_has_time_ = false;
  Tensor x_ = {};
  Tensor y_ = {};
  std::vector<std::byte> rows_ = {};
};

}  // namespace

std::unique_ptr<Runner> stream_runner(const ServedModel& model, Device device) {
  return std::make_unique<StreamRunner>(model, device);
}

}  // namespace rondo::triton
