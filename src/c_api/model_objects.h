/// The objects of a `rondo_model` and a `rondo_model_stream`.
#pragma once

#include <cstddef>
#include <utility>

#include "c_api/exclusive.h"
#include "c_api/handles.h"
#include "rondo/c/model.h"
#include "rondo/models/model.h"

namespace rondo::c_api {

struct ModelObject {
  explicit ModelObject(Model loaded) : model(std::move(loaded)) {}

  Model model;
  OneThread one_thread;  ///< of a stateful model
};

/// How many inputs and outputs a model has.
struct Counts {
  std::size_t inputs;
  std::size_t outputs;
};

struct ModelStreamObject {
  ModelStreamObject(ModelStream begun, Counts of_model) : stream(std::move(begun)), counts(of_model) {}

  ModelStream stream;
  Counts counts;
  OneThread one_thread;
};

template <>
struct HandleTraits<rondo_model> {
  using Object = ModelObject;
  static constexpr HandleKind kKind = HandleKind::model;
};
template <>
struct HandleTraits<rondo_model_stream> {
  using Object = ModelStreamObject;
  static constexpr HandleKind kKind = HandleKind::model_stream;
};

}  // namespace rondo::c_api
