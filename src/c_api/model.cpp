#include "rondo/c/model.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/model_objects.h"
#include "c_api/sized_struct.h"
#include "tensor/dlpack_dtype.h"

namespace rondo::c_api {
namespace {

void describe_tensor(const std::vector<ModelTensor>& all, int64_t index, rondo_model_tensor* into) {
  const ModelTensor& tensor = chosen(index, all, "index");
  rondo_model_tensor described = {.struct_size = 0,
                                  .name = tensor.name.c_str(),
                                  .rank = tensor.shape.rank(),
                                  .shape = {},
                                  .dtype = dlpack_dtype(tensor.dtype),
                                  .reserved = 0};
  std::copy(tensor.shape.begin(), tensor.shape.end(), described.shape);
  write_sized(into, "tensor", described);
}

}  // namespace
}  // namespace rondo::c_api

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_model_load(const char* path, const rondo_model_options* options, rondo_model** model) {
  return guarded([&] {
    rondo_model*& result = cleared(model, "model");
    const rondo_model_options given = read_optional(options, "options");
    const ModelOptions model_options{.device = device_of(given.device_type, given.device_index),
                                     .threads = given.threads,
                                     .math = math_of_number(given.math)};
    Model loaded = load_keras_model(required_text(path, "path"), model_options);
    result = handle_of<rondo_model>(std::make_shared<ModelObject>(std::move(loaded)));
  });
}

rondo_status rondo_model_describe(rondo_model* model, rondo_model_info* info) {
  return guarded([&] {
    const auto object = object_of(model, "model");
    write_sized(info, "info",
                rondo_model_info{.struct_size = 0,
                                 .inputs = static_cast<int64_t>(object->model.inputs().size()),
                                 .outputs = static_cast<int64_t>(object->model.outputs().size()),
                                 .is_stateful = object->model.is_stateful() ? 1 : 0});
  });
}

rondo_status rondo_model_input(rondo_model* model, int64_t index, rondo_model_tensor* tensor) {
  return guarded([&] { describe_tensor(object_of(model, "model")->model.inputs(), index, tensor); });
}

rondo_status rondo_model_output(rondo_model* model, int64_t index, rondo_model_tensor* tensor) {
  return guarded([&] { describe_tensor(object_of(model, "model")->model.outputs(), index, tensor); });
}

rondo_status rondo_model_table(rondo_model* model, char** text) {
  return guarded([&] {
    char*& result = cleared(text, "text");
    result = given_text(object_of(model, "model")->model.describe());
  });
}

rondo_status rondo_model_predict(rondo_model* model, const rondo_dl_tensor* const* inputs, size_t input_count,
                                 rondo_dl_managed** outputs, size_t output_count) {
  return guarded([&] {
    const auto object = object_of(model, "model");
    std::optional<OneThread::Entered> entered;
    if (object->model.is_stateful()) entered.emplace(object->one_thread, "model");
    clear_outputs(outputs, output_count, object->model.outputs().size());
    const std::vector<Tensor> given = borrowed_list(inputs, input_count, object->model.inputs().size(), "inputs");
    give_tensors(object->model.predict(given), outputs);
  });
}

rondo_status rondo_model_reset_states(rondo_model* model) {
  return guarded([&] {
    const auto object = object_of(model, "model");
    const OneThread::Entered entered(object->one_thread, "model");
    object->model.reset_states();
  });
}

rondo_status rondo_model_close(rondo_model* model) {
  return guarded([&] { close_handle(model, "model"); });
}

rondo_status rondo_model_stream_open(rondo_model* model, rondo_model_stream** stream) {
  return guarded([&] {
    rondo_model_stream*& result = cleared(stream, "stream");
    const auto object = object_of(model, "model");
    const Counts counts{object->model.inputs().size(), object->model.outputs().size()};
    result = handle_of<rondo_model_stream>(std::make_shared<ModelStreamObject>(object->model.stream(), counts));
  });
}

rondo_status rondo_model_stream_step(rondo_model_stream* stream, const rondo_dl_tensor* const* inputs,
                                     size_t input_count, rondo_dl_managed** outputs, size_t output_count) {
  return guarded([&] {
    const auto object = object_of(stream, "stream");
    const OneThread::Entered entered(object->one_thread, "stream");
    clear_outputs(outputs, output_count, object->counts.outputs);
    const std::vector<Tensor> given = borrowed_list(inputs, input_count, object->counts.inputs, "inputs");
    give_tensors(object->stream.step(given), outputs);
  });
}

rondo_status rondo_model_stream_reset(rondo_model_stream* stream) {
  return guarded([&] {
    const auto object = object_of(stream, "stream");
    const OneThread::Entered entered(object->one_thread, "stream");
    object->stream.reset();
  });
}

rondo_status rondo_model_stream_close(rondo_model_stream* stream) {
  return guarded([&] { close_handle(stream, "stream"); });
}
