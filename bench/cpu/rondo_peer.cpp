// Rondo behind peer.h.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include "cpu/peer.h"
#include "cpu/peer_seconds.h"
#include "cpu/rondo_parts.h"
#include "rondo/rondo.h"

namespace {

using namespace rondo;

bool trains(const PeerProblem& problem) { return std::string(problem.variant).starts_with("train"); }

// The variant of the run: "train_packed" is a training step of "packed", "train" one of a plain run.
std::string variant_of(const PeerProblem& problem) {
  const std::string variant = problem.variant;
  return trains(problem) ? variant.substr(std::min(variant.size(), std::string("train_").size())) : variant;
}

// "math_int8" computes products of f32 in 8 bits, and so on; other variants compute strictly.
MatrixMath math_of(const std::string& variant) {
  const std::string prefix = "math_";
  return variant.starts_with(prefix) ? math_from_name(variant.substr(prefix.size())) : MatrixMath::strict;
}

RecurrenceSpec spec_of(const PeerProblem& problem, const std::string& variant) {
  RecurrenceSpec spec{.cell = {.kind = problem.gru != 0 ? CellKind::gru : CellKind::lstm, .units = problem.H},
                      .T = problem.T,
                      .B = problem.B,
                      .I = problem.I};
  spec.math = math_of(variant);
  if (variant == "bf16") spec.dtype = DType::bf16;
  if (variant == "f16") spec.dtype = DType::f16;
  if (variant == "reversed") spec.rules.read = ReadOrder::reversed;
  spec.has_mask = variant == "holes" || variant == "all_live";
  spec.has_resets = variant == "resets";
  spec.has_lengths = variant == "lengths";
  if (spec.has_lengths) spec.rules.dead = DeadOutput::zeros;
  spec.packed = variant == "packed";
  if (trains(problem)) spec.keep = Keep::gates;
  return spec;
}

Tensor copy_of(const float* data, const Shape& shape, DType dtype) {
  const Tensor tensor = Tensor::empty(shape, DType::f32);
  std::copy_n(data, tensor.numel(), tensor.data<float>());
  return tensor.to(dtype);
}

RecurrentWeights weights_of(const PeerProblem& problem, DType dtype) {
  const std::int64_t columns = (problem.gru != 0 ? 3 : 4) * problem.H;
  const Shape bias = problem.gru != 0 ? Shape{2, columns} : Shape{columns};
  return {copy_of(problem.kernel, {problem.I, columns}, dtype),
          copy_of(problem.recurrent_kernel, {problem.H, columns}, dtype), copy_of(problem.bias, bias, dtype)};
}

// A tensor over the caller's memory.
Tensor view_of(const float* data, const Shape& shape) {
  std::int64_t count = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) count *= shape[axis];
  return Tensor::borrow(std::span(const_cast<float*>(data), static_cast<std::size_t>(count)), shape);
}

std::vector<std::int32_t> lengths_of(const PeerProblem& problem) {
  return {problem.lengths, problem.lengths + problem.B};
}

// Draws booleans anew for each step and row, one in `every` true.
void draw_marks(const Tensor& marks, unsigned every) {
  std::mt19937 engine(1);
  std::generate_n(marks.data<bool>(), marks.numel(), [&] { return engine() % every == 0; });
}

}  // namespace

struct Peer {
  explicit Peer(const PeerProblem& problem)
      : work{.spec = spec_of(problem, variant_of(problem))},
        weights(weights_of(problem, work.spec.dtype)),
        options{.threads = problem.threads},
        reloads(variant_of(problem) == "reload") {
    const std::string variant = variant_of(problem);
    hand_in_sequences(problem, variant);
    hand_in_state(problem.initial_h, problem.final_h, {problem.B, problem.H});
    hand_in_state(problem.initial_c, problem.final_c, {problem.B, problem.H});
    draw_variant(variant);
    if (trains(problem)) hand_in_gradients(problem);
    if (work.spec.has_lengths) work.tensors.lengths = Tensor::from(lengths_of(problem), {problem.B});
    if (work.spec.packed) pack(work, lengths_of(problem));
    if (variant == "step") {
      open_front_door(problem);
    } else if (variant == "live_alone") {
      parts = cut(work, lengths_of(problem), weights, options);
    } else {
      parts.push_back(part_of(work, weights, options));
    }
  }

  void hand_in_sequences(const PeerProblem& problem, const std::string& variant) {
    const DType dtype = work.spec.dtype;
    y_of_problem = view_of(problem.y, {problem.T, problem.B, problem.H});
    Tensor x = view_of(problem.x, {problem.T, problem.B, problem.I}).to(dtype);
    Tensor y = y_of_problem;
    if (dtype != DType::f32) y = Tensor::empty({problem.T, problem.B, problem.H}, dtype);
    if (variant == "batch_major") {
      x = view_of(problem.x, {problem.B, problem.T, problem.I}).swap_axes(0, 1);
      y = view_of(problem.y, {problem.B, problem.T, problem.H}).swap_axes(0, 1);
    }
    work.tensors.x = x;
    if (variant == "last_output") {
      work.tensors.last_output = Tensor::empty({problem.B, problem.H}, dtype);
    } else {
      work.tensors.y = y;
    }
  }

  // Passes a state of a stream to the session; does nothing without a stream.
  void hand_in_state(const float* initial, float* final, const Shape& shape) {
    if (initial == nullptr) return;
    const DType dtype = work.spec.dtype;
    work.tensors.initial_state.push_back(view_of(initial, shape).to(dtype));
    work.tensors.final_state.push_back(dtype != DType::f32 ? Tensor::empty(shape, dtype) : view_of(final, shape));
  }

  void draw_variant(const std::string& variant) {
    const Shape shape{work.spec.T, work.spec.B};
    if (work.spec.has_mask) {
      work.tensors.mask = Tensor::full(shape, 1.0, DType::boolean);
      if (variant == "holes") draw_marks(*work.tensors.mask, 2);
    }
    if (work.spec.has_resets) {
      work.tensors.resets = Tensor::empty(shape, DType::boolean);
      draw_marks(*work.tensors.resets, 20);
    }
  }

  void hand_in_gradients(const PeerProblem& problem) {
    const RecurrentWeights& like = weights.weights();
    work.gradients = {
        .y = view_of(problem.d_y, {problem.T, problem.B, problem.H}),
        .x = view_of(problem.d_x, {problem.T, problem.B, problem.I}),
        .weights = {.kernel = view_of(problem.d_kernel, like.kernel.shape()),
                    .recurrent_kernel = view_of(problem.d_recurrent_kernel, like.recurrent_kernel.shape()),
                    .bias = view_of(problem.d_bias, like.bias->shape())}};
  }

  // A layer whose step does the work of the session. Its states go on from step to step.
  void open_front_door(const PeerProblem& problem) {
    const auto cell = std::make_shared<KnownCell>(work.spec.cell, weights_of(problem, work.spec.dtype));
    layer.emplace(cell);
    for (const Tensor& state : work.tensors.initial_state) states.push_back(state.clone());
  }

  void run() {
    if (layer) return step();
    if (reloads) parts.front().session.reload_weights();
    for (Part& part : parts) part.session.run(part.tensors);
    if (work.spec.keep == Keep::nothing) return;
    for (Part& part : parts | std::views::reverse) part.session.backward(part.tensors, part.gradients);
  }

  /// Writes y of the last run to where the problem wants it.
  void write_results() {
    if (work.tensors.y && work.spec.dtype != DType::f32) y_of_problem.copy_from(work.tensors.y->to(DType::f32));
  }

  void step() {
    work.tensors.y->select(0, 0).copy_from(layer->step(work.tensors.x.select(0, 0), states, options).leaf());
  }

  Tensor y_of_problem;
  Work work;
  SharedWeights weights;
  PlanOptions options;
  bool reloads;              ///< packs the weights before each run
  std::vector<Part> parts;   ///< run one after the other
  std::optional<RNN> layer;  ///< its step is run in place of the parts
  States states;
};

Peer* peer_create(const PeerProblem* problem) try {
  return std::make_unique<Peer>(*problem).release();
} catch (const std::exception& error) {
  std::fprintf(stderr, "rondo: %s\n", error.what());
  return nullptr;
}

double peer_run(Peer* peer, std::int64_t runs) {
  const double seconds = seconds_of(runs, [&] { peer->run(); });
  peer->write_results();
  return seconds;
}

void peer_destroy(Peer* peer) { delete peer; }

const char* peer_version() { return "Rondo"; }
