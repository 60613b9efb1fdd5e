#include <memory>
#include <string>

#include "rondo/models/model.h"
#include "units/c_api/c_support.h"

namespace rondo {
namespace {

const std::string kForecast = RONDO_TEST_FORECAST;  // causal layers: one LSTM and a Dense
const std::string kSentiment = RONDO_TEST_SENTIMENT;

rondo_model* loaded(const std::string& path) {
  rondo_model* model = nullptr;
  EXPECT_EQ(rondo_model_load(path.c_str(), nullptr, &model), RONDO_OK) << rondo_last_error();
  return model;
}

// The elements of a tensor of f32 that the library gave, which is freed.
std::vector<float> taken(rondo_dl_managed* tensor) {
  const Tensor view = [&] {
    std::vector<std::int64_t> sizes(tensor->dl_tensor.shape, tensor->dl_tensor.shape + tensor->dl_tensor.ndim);
    const Shape shape{std::span<const std::int64_t>(sizes)};
    const auto count = static_cast<std::size_t>(shape.numel());
    return Tensor::borrow(std::span(static_cast<float*>(tensor->dl_tensor.data), count), shape);
  }();
  std::vector<float> values(view.data<float>(), view.data<float>() + view.numel());
  rondo_dl_free(tensor);
  return values;
}

std::vector<float> elements(const Tensor& tensor) {
  return {tensor.data<float>(), tensor.data<float>() + tensor.numel()};
}

TEST(CModel, PredictsAsInCpp) {
  rondo_model* model = loaded(kForecast);
  Model same = load_keras_model(kForecast);
  auto info = sized<rondo_model_info>();
  ASSERT_EQ(rondo_model_describe(model, &info), RONDO_OK);
  EXPECT_EQ(info.inputs, 1);
  EXPECT_EQ(info.outputs, 1);
  EXPECT_EQ(info.is_stateful, 0);
  auto input = sized<rondo_model_tensor>();
  ASSERT_EQ(rondo_model_input(model, 0, &input), RONDO_OK);
  EXPECT_EQ(input.name, same.inputs()[0].name);
  ASSERT_EQ(input.rank, 3);
  EXPECT_EQ(input.shape[2], same.inputs()[0].shape[2]);
  EXPECT_EQ(input.shape[3], 0);
  EXPECT_EQ(input.dtype.bits, 32);

  const std::int64_t I = input.shape[2];
  CTensor x({2, 7, I}, 0.25F);
  const rondo_dl_tensor* inputs[] = {&x.view};
  rondo_dl_managed* outputs[] = {nullptr};
  ASSERT_EQ(rondo_model_predict(model, inputs, 1, outputs, 1), RONDO_OK) << rondo_last_error();
  EXPECT_EQ(taken(outputs[0]), elements(same.predict(Tensor::full({2, 7, I}, 0.25, DType::f32))));
  char* text = nullptr;
  ASSERT_EQ(rondo_model_table(model, &text), RONDO_OK);
  EXPECT_EQ(rondo::taken(text), same.describe());
  EXPECT_EQ(rondo_model_close(model), RONDO_OK);
}

TEST(CModel, MultipliesAsItsOptionsSay) {
  auto options = sized<rondo_model_options>();
  options.math = RONDO_MATH_INT8;
  rondo_model* model = nullptr;
  ASSERT_EQ(rondo_model_load(kForecast.c_str(), &options, &model), RONDO_OK) << rondo_last_error();
  Model same = load_keras_model(kForecast, {.math = MatrixMath::int8});
  const std::int64_t I = same.inputs()[0].shape[2];
  CTensor x({2, 7, I}, 0.25F);
  const Tensor same_x = Tensor::full({2, 7, I}, 0.25, DType::f32);
  const rondo_dl_tensor* inputs[] = {&x.view};
  rondo_dl_managed* outputs[] = {nullptr};
  ASSERT_EQ(rondo_model_predict(model, inputs, 1, outputs, 1), RONDO_OK) << rondo_last_error();
  const std::vector<float> answer = taken(outputs[0]);
  EXPECT_EQ(answer, elements(same.predict(same_x)));
  EXPECT_NE(answer, elements(load_keras_model(kForecast).predict(same_x)));
  rondo_model_close(model);
  options.math = 6;
  expect_failed(rondo_model_load(kForecast.c_str(), &options, &model), RONDO_INVALID_VALUE, "math: got 6");
}

TEST(CModel, StreamsAsInCpp) {
  rondo_model* model = loaded(kForecast);
  rondo_model_stream* stream = nullptr;
  ASSERT_EQ(rondo_model_stream_open(model, &stream), RONDO_OK) << rondo_last_error();
  ASSERT_EQ(rondo_model_close(model), RONDO_OK);  // a stream outlives its model
  Model same_model = load_keras_model(kForecast);
  ModelStream same = same_model.stream();
  const std::int64_t I = same_model.inputs()[0].shape[2];
  for (int t = 0; t < 6; ++t) {
    if (t == 3) {
      ASSERT_EQ(rondo_model_stream_reset(stream), RONDO_OK);
      same.reset();
    }
    const auto value = static_cast<float>(t) / 4;
    CTensor x({1, I}, value);
    const rondo_dl_tensor* inputs[] = {&x.view};
    rondo_dl_managed* outputs[] = {nullptr};
    ASSERT_EQ(rondo_model_stream_step(stream, inputs, 1, outputs, 1), RONDO_OK) << rondo_last_error();
    EXPECT_EQ(taken(outputs[0]), elements(same.step(Tensor::full({1, I}, value, DType::f32)))) << t;
  }
  EXPECT_EQ(rondo_model_stream_close(stream), RONDO_OK);
}

TEST(CModel, WhatDoesNotFitIsNamed) {
  rondo_model* model = nullptr;
  expect_failed(rondo_model_load("/nowhere.keras", nullptr, &model), RONDO_INVALID_VALUE, "/nowhere.keras");
  expect_failed(rondo_model_load(nullptr, nullptr, &model), RONDO_INVALID_VALUE, "path: got null");
  model = loaded(kSentiment);
  CTensor x({1, 7}, 4);
  const rondo_dl_tensor* inputs[] = {&x.view, nullptr};
  rondo_dl_managed* outputs[] = {nullptr, nullptr};
  expect_failed(rondo_model_predict(model, inputs, 2, outputs, 1), RONDO_INVALID_VALUE, "inputs: got 2 tensors");
  expect_failed(rondo_model_predict(model, inputs, 1, outputs, 2), RONDO_INVALID_VALUE, "output_count: got 2");
  expect_failed(rondo_model_predict(model, inputs, 1, outputs, std::size_t(-1)), RONDO_INVALID_VALUE, "output_count");
  expect_failed(rondo_model_predict(model, inputs, 1, nullptr, 1), RONDO_INVALID_VALUE, "outputs: got null");
  expect_failed(rondo_model_predict(model, inputs + 1, 1, outputs, 1), RONDO_INVALID_VALUE, "inputs[0]: got null");
  CTensor wrong({1, 7, 2}, 4);
  inputs[0] = &wrong.view;
  expect_failed(rondo_model_predict(model, inputs, 1, outputs, 1), RONDO_INVALID_VALUE, "(1, 7, 2)");
  EXPECT_EQ(outputs[0], nullptr);
  auto tensor = sized<rondo_model_tensor>();
  expect_failed(rondo_model_output(model, 1, &tensor), RONDO_INVALID_VALUE, "index: got 1");
  expect_failed(rondo_model_input(model, -1, &tensor), RONDO_INVALID_VALUE, "index: got -1");
  rondo_model_close(model);
}

}  // namespace
}  // namespace rondo
