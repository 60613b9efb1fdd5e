#include <utility>

#include "models/model_impl.h"
#include "models/streamed_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

struct ModelStream::Impl {
  explicit Impl(std::shared_ptr<const Model::Impl> its_model) : model(std::move(its_model)), stream(model->layers) {}

  void step(std::span<const Tensor> given, std::span<Tensor> results) const {
    std::vector<Tensor> frames(given.begin(), given.end());
    if (frames.size() == model->inputs.size()) {
      for (std::size_t k = 0; k < frames.size(); ++k) {
        const bool timed = stream.timed_inputs()[k] && frames[k].defined() && frames[k].rank() > 0;
        if (timed) frames[k] = frames[k].insert_axis(1);
      }
    }
    std::vector<MaskedTensor> made(model->outputs.size());
    stream.step(model->arguments(frames, stream.inputs()), made);
    for (std::size_t k = 0; k < made.size(); ++k) {
      results[k] = stream.timed_outputs()[k] ? made[k].value.select(1, 0) : made[k].value;
    }
  }

  std::shared_ptr<const Model::Impl> model;
  StreamedModel stream;
};

ModelStream::ModelStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModelStream::~ModelStream() = default;
ModelStream::ModelStream(ModelStream&&) noexcept = default;
ModelStream& ModelStream::operator=(ModelStream&&) noexcept = default;

Tensor ModelStream::step(const Tensor& x) {
  if (impl_->model->outputs.size() != 1) {
    throw ValueError("step", "a model of " + std::to_string(impl_->model->outputs.size()) + " outputs",
                     "a list of inputs");
  }
  Tensor result;
  impl_->step(std::span(&x, 1), std::span(&result, 1));
  return result;
}

std::vector<Tensor> ModelStream::step(std::span<const Tensor> inputs) {
  std::vector<Tensor> results(impl_->model->outputs.size());
  impl_->step(inputs, results);
  return results;
}

void ModelStream::reset() { impl_->stream.reset(); }
std::vector<Tensor> ModelStream::states() const { return impl_->stream.states(); }

ModelStream Model::stream() const { return ModelStream(std::make_unique<ModelStream::Impl>(impl_)); }

}  // namespace rondo
