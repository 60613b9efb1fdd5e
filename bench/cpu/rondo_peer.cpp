// Rondo behind peer.h.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "cpu/peer.h"
#include "cpu/peer_seconds.h"
#include "rondo/rondo.h"

namespace {

using namespace rondo;

RecurrenceSpec spec_of(const PeerProblem& problem, const std::string& variant) {
  RecurrenceSpec spec{.cell = {.kind = problem.gru != 0 ? CellKind::gru : CellKind::lstm, .units = problem.H},
                      .T = problem.T,
                      .B = problem.B,
                      .I = problem.I};
  if (variant == "bf16") spec.dtype = DType::bf16;
  if (variant == "f16") spec.dtype = DType::f16;
  if (variant == "reversed") spec.rules.read = ReadOrder::reversed;
  spec.has_mask = variant == "holes" || variant == "all_live";
  spec.has_resets = variant == "resets";
  spec.has_lengths = variant == "lengths";
  if (spec.has_lengths) spec.rules.dead = DeadOutput::zeros;
  spec.packed = variant == "packed";
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
      : spec(spec_of(problem, problem.variant)),
        session(Plan::create(spec, {.threads = problem.threads}), weights_of(problem, spec.dtype)) {
    const std::string variant = problem.variant;
    const Shape time_major{problem.T, problem.B, problem.I};
    tensors.x = view_of(problem.x, time_major);
    Tensor y = view_of(problem.y, {problem.T, problem.B, problem.H});
    if (spec.dtype != DType::f32) {
      tensors.x = tensors.x.to(spec.dtype);
      y = Tensor::empty({problem.T, problem.B, problem.H}, spec.dtype);
    }
    if (variant == "batch_major") {
      tensors.x = view_of(problem.x, {problem.B, problem.T, problem.I}).swap_axes(0, 1);
      y = view_of(problem.y, {problem.B, problem.T, problem.H}).swap_axes(0, 1);
    }
    if (variant == "last_output") {
      tensors.last_output = Tensor::empty({problem.B, problem.H}, spec.dtype);
    } else {
      tensors.y = y;
    }
    hand_in(problem.initial_h, problem.final_h, {problem.B, problem.H});
    hand_in(problem.initial_c, problem.final_c, {problem.B, problem.H});
    if (variant == "step") open_front_door(problem);
    if (variant == "live_alone") cut(problem);
    if (spec.has_mask) {
      tensors.mask = Tensor::full({problem.T, problem.B}, 1.0, DType::boolean);
      if (variant == "holes") draw_marks(*tensors.mask, 2);
    }
    if (spec.has_lengths) tensors.lengths = Tensor::from(lengths_of(problem), {problem.B});
    if (spec.packed) pack(lengths_of(problem));
    if (spec.has_resets) {
      tensors.resets = Tensor::empty({problem.T, problem.B}, DType::boolean);
      draw_marks(*tensors.resets, 20);
    }
  }

  // Packs x, and gives the packed y the caller's memory.
  void pack(const std::vector<std::int32_t>& lengths) {
    std::vector<Tensor> rows;
    std::vector<std::int64_t> sizes;
    for (std::int64_t t = 0; t < spec.T; ++t) {
      sizes.push_back(std::ranges::count_if(lengths, [t](std::int32_t length) { return length > t; }));
      rows.push_back(tensors.x.select(0, t).slice(0, 0, sizes.back()));
    }
    tensors.x = concat(rows, 0);
    tensors.y = tensors.y->reshape({spec.T * spec.B, spec.cell.units}).slice(0, 0, tensors.x.size(0));
    tensors.batch_sizes = Tensor::from(sizes, {spec.T});
  }

  // The live steps of the rows alone: plain runs, each over the steps that have the same rows. States go from run to
  // run.
  void cut(const PeerProblem& problem) {
    const SharedWeights weights(weights_of(problem, spec.dtype));
    std::vector<Tensor> rows;
    for (int k = 0; k < state_count(spec.cell.kind); ++k)
      rows.push_back(Tensor::zeros({spec.B, spec.cell.units}, spec.dtype));
    std::int64_t begin = 0;
    for (std::int64_t count = spec.B; count > 0; --count) {
      const std::int64_t end = problem.lengths[count - 1];
      if (end == begin) continue;
      RecurrenceSpec part = spec;
      part.T = end - begin;
      part.B = count;
      const auto live = [&](const Tensor& sequence) { return sequence.slice(0, begin, end).slice(1, 0, count); };
      SessionTensors given{.x = live(tensors.x), .y = live(*tensors.y)};
      for (const Tensor& state : rows) given.final_state.push_back(state.slice(0, 0, count));
      if (begin > 0) given.initial_state = given.final_state;
      parts.push_back({Session(Plan::create(part, {.threads = problem.threads}), weights), given});
      begin = end;
    }
  }

  // Passes a state of a stream to the session; does nothing without a stream.
  void hand_in(const float* initial, float* final, const Shape& shape) {
    if (initial == nullptr) return;
    const bool narrow = spec.dtype != DType::f32;
    tensors.initial_state.push_back(view_of(initial, shape).to(spec.dtype));
    tensors.final_state.push_back(narrow ? Tensor::empty(shape, spec.dtype) : view_of(final, shape));
  }

  // A layer whose step does the work of the session. Its states go on from step to step.
  void open_front_door(const PeerProblem& problem) {
    const auto cell = std::make_shared<KnownCell>(spec.cell, weights_of(problem, spec.dtype));
    layer.emplace(cell);
    options.threads = problem.threads;
    for (const Tensor& state : tensors.initial_state) states.push_back(state.clone());
  }

  void run() {
    for (Part& part : parts) part.session.run(part.tensors);
    if (!parts.empty()) return;
    if (!layer) return session.run(tensors);
    tensors.y->select(0, 0).copy_from(layer->step(tensors.x.select(0, 0), states, options).leaf());
  }

  RecurrenceSpec spec;
  Session session;
  SessionTensors tensors;
  struct Part {
    Session session;
    SessionTensors tensors;
  };
  std::vector<Part> parts;   ///< run in place of the session
  std::optional<RNN> layer;  ///< likewise
  States states;
  PlanOptions options;
};

Peer* peer_create(const PeerProblem* problem) try {
  return std::make_unique<Peer>(*problem).release();
} catch (const std::exception& error) {
  std::fprintf(stderr, "rondo: %s\n", error.what());
  return nullptr;
}

double peer_run(Peer* peer, std::int64_t runs) {
  return seconds_of(runs, [&] { peer->run(); });
}

void peer_destroy(Peer* peer) { delete peer; }

const char* peer_version() { return "Rondo"; }
