#include <algorithm>
#include <vector>

#include "batch_sizes.h"
#include "call.h"
#include "counted_call.h"
#include "model_shapes.h"
#include "rondo/models/model.h"
#include "runner.h"
#include "whole_batch.h"

namespace rondo::triton {
namespace {

constexpr std::size_t kMostSizes = 8;  // of batches: a Model keeps sessions for that many

class PredictRunner final : public Runner {
 public:
  PredictRunner(const ServedModel& model, Device device)
      : config_(model.config),
        model_(*model.keras, {.device = device, .threads = config_.parameters.threads}),
        sizes_(planned_sizes(config_.max_batch_size, kMostSizes)) {
    check_shapes(config_, model_);
    if (model_.is_stateful())
      throw ValueError(model.file.string(), "a stateful model", "sequence_batching, or a model that keeps no states");
    const bool sizes_are_known =
        std::all_of(config_.inputs.begin(), config_.inputs.end(), [](const TensorConfig& input) {
          return std::find(input.dims.begin(), input.dims.end(), -1) == input.dims.end();
        });
    for (const std::int64_t B : sizes_) {
      if (sizes_are_known) static_cast<void>(model_.predict(empty_inputs(B, nullptr)));
    }
  }

  void run(std::span<Request> requests, Tally& tally) override {
    for (const std::vector<WholeRequest>& group : same_shapes(requests, config_)) {
      try {
        run_group(group, tally);
      } catch (const ValueError&) {
        run_one_by_one(group, tally);
      }
    }
  }

  std::string explain() const override { return model_.describe(); }

 private:
  /// Zeros of B rows, with the other sizes of `like`, or of the configuration.
  std::vector<Tensor> empty_inputs(std::int64_t B, const WholeRequest* like) const {
    std::vector<Tensor> inputs;
    for (std::size_t k = 0; k < config_.inputs.size(); ++k) {
      const TensorConfig& input = config_.inputs[k];
      std::vector<std::int64_t> sizes = {B};
      for (std::size_t axis = 0; axis < input.dims.size(); ++axis)
        sizes.push_back(like == nullptr ? input.dims[axis] : like->inputs[k].shape[axis + 1]);
      inputs.push_back(
          Tensor::zeros(Shape(std::span<const std::int64_t>(sizes)), dtype_of_data(input.type, input.name)));
    }
    return inputs;
  }

  void run_group(const std::vector<WholeRequest>& group, Tally& tally) {
    const std::int64_t rows = rows_of(group);
    const std::vector<Tensor> inputs = empty_inputs(planned_size(sizes_, rows), &group.front());
    for (std::size_t k = 0; k < inputs.size(); ++k)
      copy_inputs(group, config_, k, static_cast<std::byte*>(inputs[k].data()));
    std::vector<Tensor> outputs;
    counted_call(tally, [&] {
      for (const Tensor& output : model_.predict(inputs)) outputs.push_back(output.to(cpu()).contiguous());
    });
    tally.rows += rows;
    for (std::size_t k = 0; k < outputs.size(); ++k) check_answer(config_.outputs[k], outputs[k]);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      std::vector<std::int64_t> dims;
      for (int axis = 1; axis < outputs[k].rank(); ++axis) dims.push_back(outputs[k].size(axis));
      write_outputs(group, config_.outputs[k], k, dims, static_cast<const std::byte*>(outputs[k].data()));
    }
  }

  /// A layer refused a value, such as a word beyond its table: an error to the request that has it, and no other.
  void run_one_by_one(const std::vector<WholeRequest>& group, Tally& tally) {
    for (const WholeRequest& whole : group) {
      try {
        run_group({whole}, tally);
      } catch (const ValueError& error) {
        whole.request->fail(error.what());
      }
    }
  }

  ModelConfig config_;
  Model model_;
  std::vector<std::int64_t> sizes_;
};

}  // namespace

std::unique_ptr<Runner> predict_runner(const ServedModel& model, Device device) {
  return std::make_unique<PredictRunner>(model, device);
}

}  // namespace rondo::triton
