// Goes through every door of the installed library: doors MODEL.keras. Exits with 1, and says which door failed. A
// shared library must export what this calls, what it derives from, and what it catches.
#include <rondo/rondo.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "own_classes.h"

using namespace rondo;

namespace {

constexpr std::int64_t T = 5, B = 2, I = 3, H = 4;

RecurrentWeights weights() {
  return {.kernel = Tensor::full({I, 4 * H}, 0.1, DType::f32),
          .recurrent_kernel = Tensor::full({H, 4 * H}, 0.1, DType::f32),
          .bias = Tensor::zeros({4 * H}, DType::f32)};
}

Tensor ones(const Shape& shape) { return Tensor::full(shape, 1.0, DType::f32); }
double last_of(const Tensor& y) { return y.reshape({y.numel()}).select(0, y.numel() - 1).item(); }

/// What a layer, the other doors' measure, computes last.
double by_layer() { return last_of(LSTM({.units = H}, weights())(ones({B, T, I})).output); }

bool layers() {
  const RecurrentWeights gru = {.kernel = Tensor::full({I, 3 * H}, 0.1, DType::f32),
                                .recurrent_kernel = Tensor::full({H, 3 * H}, 0.1, DType::f32),
                                .bias = Tensor::zeros({2, 3 * H}, DType::f32)};
  Bidirectional both(GRU({.units = H}, gru), {gru});
  return by_layer() > 0 && both(ones({B, T, I})).output.leaf().shape() == Shape{B, 2 * H};
}

bool sessions() {
  Session session(Plan::create({.cell = {.units = H}, .T = T, .B = B, .I = I}), weights());
  const Tensor y = Tensor::empty({T, B, H}, DType::f32);
  session.run({.x = ones({T, B, I}), .y = y});
  return last_of(y) == by_layer() && !session.finish().stalled;
}

bool network_sessions() {
  const RecurrenceSpec spec = {.cell = {.units = H}, .T = T, .B = B, .I = I};
  NetworkSession session(NetworkPlan::create({.layers = {{.forward = spec}}}),
                         std::vector<NetworkWeights>{{.forward = weights()}});
  const Tensor y = Tensor::empty({T, B, H}, DType::f32);
  session.run({.x = ones({T, B, I}), .y = y});
  return last_of(y) == by_layer();
}

bool step_functions() {
  const auto step = [](const Nest& inputs, const States& states, const Constants&) -> StepResult {
    const Tensor sum = add(states[0], inputs);
    return {sum, {sum}};
  };
  return last_of(rnn(step, ones({B, T, I}), {Tensor::zeros({B, I}, DType::f32)}).last_output) == T;
}

bool tensorflow_1() {
  const auto cell = std::make_shared<v1::BasicRNNCell>(
      v1::BasicRNNCellOptions{.num_units = H}, v1::BasicRNNWeights{.kernel = ones({I + H, H}), .bias = ones({H})});
  const std::shared_ptr<Cell> base = cell;
  return dynamic_cast<v1::RNNCell*>(base.get()) != nullptr &&
         v1::dynamic_rnn(cell, ones({B, T, I}), {.dtype = DType::f32}).outputs.leaf().shape() == Shape{B, T, H};
}

bool own_cells() {
  const auto cell = std::make_shared<own::Sum>(I);
  RNN layer(cell);
  const bool sums = last_of(layer(ones({B, T, I})).output) == T;
  cell->throws = true;
  try {
    layer(ones({B, T, I}));
  } catch (const std::domain_error& error) {
    return sums && error.what() == std::string("from the cell");
  }
  return false;
}

bool own_allocators_and_pools() {
  const auto allocator = std::make_shared<own::Counting>();
  const auto pool = std::make_shared<own::CallersThread>();
  set_default_allocator(cpu(), allocator);
  set_default_thread_pool(pool);
  {
    const std::int64_t rows = 4096;  // enough work for the two threads that the plan may use
    const RecurrenceSpec spec = {.cell = {.units = H}, .T = T, .B = rows, .I = I};
    Session session(Plan::create(spec, {.threads = 2}), weights());
    session.run({.x = ones({T, rows, I}), .y = Tensor::empty({T, rows, H}, DType::f32)});
  }
  set_default_allocator(cpu(), nullptr);
  set_default_thread_pool(nullptr);
  return allocator->calls > 0 && pool->runs > 0;
}

template <typename Expected>
bool is_thrown(void (*call)()) {
  try {
    call();
  } catch (const Expected& error) {
    return std::string(error.what()).size() > 10;
  } catch (...) {
  }
  return false;
}

bool exceptions() {
  const auto of_value = [] { LSTM({.units = H + 1}, weights()); };
  return is_thrown<ValueError>(of_value) && is_thrown<Error>(of_value) && is_thrown<std::runtime_error>(of_value) &&
         is_thrown<TypeError>([] { (void)ones({2}).to_vector<std::int32_t>(); }) &&
         is_thrown<AttributeError>([] { LSTM({.units = H}, weights()).reset_states(); });
}

#if RONDO_HAS_ONNX
bool onnx() {
  const OnnxCell cell = {.cell = {.units = H}, .weights = weights()};
  OnnxRunner runner(OnnxOperator{.kind = CellKind::lstm}, onnx_weights({cell}));
  return last_of(runner.run({.x = ones({T, B, I})}).y) == by_layer() &&
         is_thrown<ValueError>([] { (void)load_onnx("no.onnx"); });
}
#endif

#if RONDO_HAS_KERAS
bool keras_files(const char* path) {
  const KerasModel model = load_keras(path);
  for (const KerasLayer& layer : model.layers) {
    if (layer.class_name == "LSTM") return make_layer(layer)->plans({.B = B, .T = T}).size() == 1;
  }
  return false;
}
#endif

#if RONDO_HAS_NUMPY
bool numpy() {
  return is_thrown<ValueError>([] { (void)load_npz("no.npz"); });
}
#endif

bool safetensors() {
  const Safetensors file("file", pytorch_parameters(weights(), {}), {});
  return pytorch_weights(file, {}).kernel.shape() == Shape{I, 4 * H} &&
         cudnn_weights(cudnn_parameters(weights(), CellKind::lstm), CellKind::lstm).bias.has_value();
}

bool report(const char* door, bool right) {
  if (!right) std::printf("wrong: %s\n", door);
  return right;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::puts("doors MODEL.keras");
    return EXIT_FAILURE;
  }
  bool right = true;
  right &= report("layers", layers());
  right &= report("Session", sessions());
  right &= report("NetworkSession", network_sessions());
  right &= report("rnn", step_functions());
  right &= report("TensorFlow 1", tensorflow_1());
  right &= report("a cell of one's own", own_cells());
  right &= report("an allocator and a pool of one's own", own_allocators_and_pools());
  right &= report("exceptions", exceptions());
  right &= report("safetensors", safetensors());
#if RONDO_HAS_ONNX
  right &= report("ONNX", onnx());
#endif
#if RONDO_HAS_KERAS
  right &= report("Keras's files", keras_files(arguments[1]));
#endif
#if RONDO_HAS_NUMPY
  right &= report("NumPy's files", numpy());
#endif
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
