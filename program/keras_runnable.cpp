#include <rondo/rondo.h>

#include <utility>

#include "arguments.h"
#include "recurrent_files.h"

namespace rondo::program {
namespace {

Slot slot_of(const ModelTensor& tensor) {
  std::string sizes = "(B";
  for (int axis = 1; axis < tensor.shape.rank(); ++axis) {
    const std::int64_t size = tensor.shape[axis];
    sizes += ", " + (size < 0 ? std::string(axis == 1 ? "T" : "any") : std::to_string(size));
  }
  return {.name = tensor.name, .sizes = sizes + ")", .rank = tensor.shape.rank(), .dtype = tensor.dtype};
}

class KerasStepper final : public Stepper {
 public:
  explicit KerasStepper(ModelStream stream) : stream_(std::move(stream)) {}
  Tensor step(const Tensor& x) override { return stream_.step(x); }

 private:
  ModelStream stream_;
};

class KerasRunnable final : public Runnable {
 public:
  explicit KerasRunnable(Model model) : model_(std::move(model)) {}

  std::vector<Slot> inputs() const override { return slots(model_.inputs()); }
  std::vector<Slot> outputs() const override { return slots(model_.outputs()); }

  NamedTensors run(const TensorMap& inputs) override {
    std::vector<Tensor> given;
    for (const ModelTensor& input : model_.inputs()) given.push_back(inputs.at(input.name));
    const std::vector<Tensor> results = model_.predict(given);
    NamedTensors named;
    for (std::size_t k = 0; k < results.size(); ++k) named.push_back({model_.outputs()[k].name, results[k]});
    return named;
  }

  TensorMap example(std::int64_t T, std::int64_t B) const override {
    TensorMap map;
    for (const ModelTensor& input : model_.inputs()) {
      Shape shape = input.shape;
      for (int axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] < 0) shape[axis] = axis == 0 ? B : T;
      }
      // Words of an Embedding are whole numbers that its table has: 0 and 1 always.
      const Tensor values = example_tensor(shape, DType::f32);
      map[input.name] = shape.rank() == 2 ? values.to(DType::boolean).to(DType::f32) : values;
    }
    return map;
  }
  std::string explain(std::int64_t T, std::int64_t B) const override {
    return model_.describe() + model_.explain(B, T);
  }
  std::unique_ptr<Stepper> stream(std::int64_t) override { return std::make_unique<KerasStepper>(model_.stream()); }
  std::int64_t step_features() const override {
    const Shape& shape = model_.inputs().front().shape;
    std::int64_t features = 1;
    for (int axis = 2; axis < shape.rank(); ++axis) features *= shape[axis];
    return features;
  }
  Shape step_shape() const override {
    const Shape& shape = model_.inputs().front().shape;
    std::vector<std::int64_t> sizes{1};
    for (int axis = 2; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
    return Shape(std::span<const std::int64_t>(sizes));
  }
  DType dtype() const override { return model_.inputs().front().dtype; }

 private:
  static std::vector<Slot> slots(const std::vector<ModelTensor>& tensors) {
    std::vector<Slot> slots;
    for (const ModelTensor& tensor : tensors) slots.push_back(slot_of(tensor));
    return slots;
  }

  Model model_;
};

}  // namespace

KerasModel open_keras(const ModelChoice& choice) {
  if (choice.weights.empty()) return load_keras(choice.file);
  return load_keras(choice.file, std::filesystem::path(choice.weights));
}

std::unique_ptr<Runnable> keras_runnable(const ModelChoice& choice) {
  const Device device = device_from_name(choice.device);
  return std::make_unique<KerasRunnable>(
      Model(open_keras(choice), {.device = device, .math = math_from_name(choice.math)}));
}

}  // namespace rondo::program
