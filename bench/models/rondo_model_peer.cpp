// Rondo behind model_peer.h.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "cpu/peer_seconds.h"
#include "models/model_peer.h"
#include "rondo/rondo.h"

namespace {

using namespace rondo;

// A tensor of its own, as a server gets one from a request.
Tensor tensor_of(const ModelPeerInput& input) {
  const Shape shape(std::span(input.shape, static_cast<std::size_t>(input.rank)));
  const Tensor tensor = Tensor::empty(shape, input.is_integer != 0 ? DType::i32 : DType::f32);
  if (input.is_integer != 0) {
    std::copy_n(static_cast<const std::int32_t*>(input.data), tensor.numel(), tensor.data<std::int32_t>());
  } else {
    std::copy_n(static_cast<const float*>(input.data), tensor.numel(), tensor.data<float>());
  }
  return tensor;
}

void tell(const std::exception& error) { std::fprintf(stderr, "rondo: %s\n", error.what()); }

}  // namespace

struct ModelPeer {
  explicit ModelPeer(const ModelPeerProblem& problem)
      : model(load_keras_model(problem.file, {.threads = problem.threads})),
        y(problem.y, static_cast<std::size_t>(problem.y_count)) {
    for (const ModelPeerInput& input : std::span(problem.inputs, static_cast<std::size_t>(problem.input_count))) {
      inputs.push_back(tensor_of(input));
    }
    if (problem.is_stream != 0) stream.emplace(model.stream());
  }

  void run() {
    const std::vector<Tensor> results = stream ? stream->step(inputs) : model.predict(inputs);
    const Tensor first = results.front().contiguous();
    if (first.numel() != static_cast<std::int64_t>(y.size())) throw std::runtime_error("y has another size");
    std::copy_n(first.data<float>(), y.size(), y.begin());
  }

  Model model;
  std::vector<Tensor> inputs;
  std::optional<ModelStream> stream;
  std::span<float> y;
};

ModelPeer* model_peer_create(const ModelPeerProblem* problem) try {
  return std::make_unique<ModelPeer>(*problem).release();
} catch (const std::exception& error) {
  tell(error);
  return nullptr;
}

double model_peer_run(ModelPeer* peer, std::int64_t runs) try {
  return seconds_of(runs, [&] { peer->run(); });
} catch (const std::exception& error) {
  tell(error);
  return -1;
}

void model_peer_destroy(ModelPeer* peer) { delete peer; }

double model_peer_load(const char* file) try {
  return seconds_of(1, [&] { static_cast<void>(load_keras_model(file)); });
} catch (const std::exception& error) {
  tell(error);
  return -1;
}
