#include <algorithm>
#include <vector>

#include "call.h"
#include "counted_call.h"
#include "host_rows.h"
#include "rondo/models/model.h"
#include "runner.h"
#include "sequence_table.h"
#include "stream_batches.h"

namespace rondo::triton {
namespace {

void check_one(const std::string& list, std::size_t configured, std::size_t of_model) {
  if (configured == 1 && of_model == 1) return;
  throw ValueError(list, std::to_string(configured) + " in config.pbtxt, " + std::to_string(of_model) + " of the model",
                   "one of a model that reads sequences step by step");
}

/// Zeros of one step, (1, ...) of an input (B, T, ...).
Tensor frame_of(const ServedModel& model, const ModelTensor& input) {
  if (input.shape.rank() < 3)
    throw ValueError(model.file.string(), "an input " + to_string(input.shape),
                     "one with an axis of time: (B, T, ...)");
  std::vector<std::int64_t> sizes = {1};
  for (int axis = 2; axis < input.shape.rank(); ++axis) sizes.push_back(input.shape[axis]);
  return Tensor::zeros(Shape(std::span<const std::int64_t>(sizes)),
                       dtype_of_data(model.config.inputs.front().type, "input"));
}

/// Whether dims have an axis of time before the sizes of a step, which are those of `step` (1, ...).
bool has_time(const std::string& list, const TensorConfig& config, const Tensor& step) {
  std::vector<std::int64_t> sizes;
  for (int axis = 1; axis < step.rank(); ++axis) sizes.push_back(step.size(axis));
  const bool timed = config.dims.size() == sizes.size() + 1;
  if (timed) sizes.insert(sizes.begin(), config.dims.front());
  if (config.dims != sizes || config.type != data_type_of(step.dtype()))
    throw ValueError(list + " '" + config.name + "'", to_string(config.type) + " of other dims",
                     describe(step) + " of each step, without the first axis, or with -1 for time before it");
  return timed;
}

/// What a request of a batch still has to do.
struct Work {
  Request* request = nullptr;
  std::int64_t place = 0;
  std::size_t first_byte = 0;  ///< of the inputs, in those of all requests
  std::int64_t steps = 0;
};

/// Sequences through a whole model: one step of all of them that have one, and then the next.
class StreamRunner final : public Runner {
 public:
  StreamRunner(const ServedModel& model, Device device)
      : config_(model.config),
        model_(*model.keras, {.device = device, .threads = config_.parameters.threads}),
        table_(config_.places()),
        frame_(checked_frame(model)),
        batches_(model_, config_.places(), config_.max_batch_size, frame_) {
    const std::int64_t first[] = {0};
    y_ = batches_.step(first);
    batches_.reset(0);
    input_has_time_ = has_time("input", config_.inputs.front(), frame_);
    output_has_time_ = has_time("output", config_.outputs.front(), y_);
  }

  void run(std::span<Request> requests, Tally& tally) override {
    table_.begin(SequenceTable::Clock::now());
    works_.clear();
    bytes_.clear();
    for (Request& request : requests) {
      if (request.is_ready()) admit(request, tally);
    }
    run_steps(tally);
    for (const Request& request : requests) {
      if (request.is_ready() && request.ends()) table_.end(request.sequence());
    }
    if (config_.idle.count() > 0) tally.evicted_as_idle += table_.evict_idle(2 * config_.idle);
    tally.sequences = table_.size();
  }

  std::string explain() const override { return model_.describe(); }

 private:
  Tensor checked_frame(const ServedModel& model) const {
    check_one("input", config_.inputs.size(), model_.inputs().size());
    check_one("output", config_.outputs.size(), model_.outputs().size());
    return frame_of(model, model_.inputs().front());
  }

  std::size_t frame_bytes() const { return static_cast<std::size_t>(frame_.numel()) * size_of(frame_.dtype()); }

  /// Checks all of a request but for what layers refuse, before any of its steps runs.
  void admit(Request& request, Tally& tally) {
    try {
      const RequestInput input = request.input(config_.inputs.front());
      Work work{.request = &request, .first_byte = bytes_.size(), .steps = input_has_time_ ? input.shape[1] : 1};
      bytes_.resize(work.first_byte + static_cast<std::size_t>(work.steps) * frame_bytes());
      std::byte* const begin = bytes_.data() + work.first_byte;
      Request::copy(input, 0, begin, bytes_.size() - work.first_byte);
      if (config_.parameters.refuse_nan && !all_finite(begin, bytes_.size() - work.first_byte, frame_.dtype()))
        throw ValueError("input '" + config_.inputs.front().name + "'", "NaN or infinity", "numbers");
      make_output(request, work.steps);
      const SequencePlace place = table_.take(request.sequence(), request.starts());
      if (place.evicted) ++tally.evicted_for_room;
      work.place = place.place;
      if (request.starts()) batches_.reset(work.place);
      works_.push_back(work);
    } catch (const ValueError& error) {
      request.fail(error.what());
      if (request.starts()) table_.end(request.sequence());
    }
  }

  void make_output(Request& request, std::int64_t steps) const {
    std::vector<std::int64_t> shape = {1};
    if (output_has_time_) shape.push_back(steps);
    for (int axis = 1; axis < y_.rank(); ++axis) shape.push_back(y_.size(axis));
    request.make_output(config_.outputs.front(), shape);
  }

  void run_steps(Tally& tally) {
    try {
      std::vector<const Work*> active;
      for (std::int64_t t = 0;; ++t) {
        active.clear();
        for (const Work& work : works_) {
          if (t < work.steps && !work.request->failed()) active.push_back(&work);
        }
        if (active.empty()) return;
        run_step(active, t, tally);
      }
    } catch (...) {  // states may have changed
      for (const Work& work : works_) table_.end(work.request->sequence());
      throw;
    }
  }

  /// Runs step t of all requests, or, where a layer refuses a value of one of them, of each by itself.
  void run_step(std::span<const Work* const> works, std::int64_t t, Tally& tally) {
    try {
      run_rows(works, t, tally);
    } catch (const ValueError& error) {
      if (works.size() > 1) {
        for (const Work* const work : works) run_step(std::span(&work, 1), t, tally);
        return;
      }
      works.front()->request->fail(error.what());
      table_.end(works.front()->request->sequence());
    }
  }

  void run_rows(std::span<const Work* const> works, std::int64_t t, Tally& tally) {
    places_.clear();
    auto* row = static_cast<std::byte*>(batches_.inputs(static_cast<std::int64_t>(works.size())).data());
    for (const Work* const work : works) {
      places_.push_back(work->place);
      std::copy_n(bytes_.data() + work->first_byte + static_cast<std::size_t>(t) * frame_bytes(), frame_bytes(), row);
      row += frame_bytes();
    }
    counted_call(tally, [&] { y_ = batches_.step(places_); });
    tally.rows += static_cast<std::int64_t>(works.size());
    tally.steps += static_cast<std::int64_t>(works.size());
    const std::size_t bytes = static_cast<std::size_t>(y_.numel() / y_.size(0)) * size_of(y_.dtype());
    const auto* result = static_cast<const std::byte*>(y_.data());
    for (const Work* const work : works) {
      const std::size_t at = output_has_time_ ? static_cast<std::size_t>(t) * bytes : 0;
      if (output_has_time_ || t + 1 == work->steps) work->request->write(0, at, result, bytes);
      result += bytes;
    }
  }

  ModelConfig config_;
  Model model_;
  SequenceTable table_;
  Tensor frame_;
  StreamBatches batches_;
  bool input_has_time_ = false;
  bool output_has_time_ = false;
  Tensor y_ = {};
  std::vector<std::byte> bytes_ = {};  // the inputs of all requests of a batch
  std::vector<Work> works_ = {};
  std::vector<std::int64_t> places_ = {};
};

}  // namespace

std::unique_ptr<Runner> stream_runner(const ServedModel& model, Device device) {
  return std::make_unique<StreamRunner>(model, device);
}

}  // namespace rondo::triton
