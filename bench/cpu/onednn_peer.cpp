// oneDNN behind peer.h. Compiles against versions 2 and 3; weights are in the layout that oneDNN asks for.

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cpu/onednn_int8.h"
#include "cpu/onednn_operation.h"
#include "cpu/onednn_training.h"
#include "cpu/peer.h"
#include "cpu/peer_seconds.h"

using namespace onednn_peer;

namespace {

// Of x, h and y.
Type type_of(const std::string& variant) {
  if (variant == "int8") return Type::u8;
  return variant == "bf16" ? Type::bf16 : Type::f32;
}

template <typename Value>
Value* values_of(const memory& tensor) {
  return static_cast<Value*>(tensor.get_data_handle());
}

}  // namespace

struct Peer {
  explicit Peer(const PeerProblem& problem)
      : engine(dnnl::engine::kind::cpu, 0),
        stream(engine),
        type(type_of(problem.variant)),
        attributes(type == Type::u8 ? int8_attributes(problem) : dnnl::primitive_attr()),
        kind(std::string(problem.variant) == "forward_training" ? dnnl::prop_kind::forward_training
                                                                : dnnl::prop_kind::forward_inference) {
    if (std::string(problem.variant).starts_with("train")) {
      training.emplace(problem);
    } else if (problem.gru != 0) {
      make_gru(problem);
    } else {
      make_lstm(problem);
    }
  }

  void make_lstm(const PeerProblem& problem) {
    const Sizes sizes = sizes_of(problem, type);
    const auto h = state_of(problem, type);
    const auto c = state_of(problem, Type::f32);
    const auto desc = make<dnnl::lstm_forward>(engine, attributes, kind, sizes.x, h, c, sizes.kernel,
                                               sizes.recurrent_kernel, sizes.bias, sizes.y, h, c);
    fill(desc, problem);
    if (problem.initial_h != nullptr) {
      arguments[DNNL_ARG_SRC_ITER_C] = memory(c, engine, const_cast<float*>(problem.initial_c));
      arguments[DNNL_ARG_DST_ITER_C] = memory(c, engine, problem.final_c);
    }
    primitive = dnnl::lstm_forward(desc);
  }

  void make_gru(const PeerProblem& problem) {
    const Sizes sizes = sizes_of(problem, type);
    const auto h = state_of(problem, type);
    const auto desc = make<dnnl::lbr_gru_forward>(engine, attributes, kind, sizes.x, h, sizes.kernel,
                                                  sizes.recurrent_kernel, sizes.bias, sizes.y, h);
    fill(desc, problem);
    primitive = dnnl::lbr_gru_forward(desc);
  }

  // An empty description where initial states are zeros and final states are not wanted.
  static memory::desc state_of(const PeerProblem& p, Type type) {
    return p.initial_h == nullptr ? memory::desc() : describe({1, 1, p.B, p.H}, Tag::ldnc, type);
  }

  template <typename Desc>
  void fill(const Desc& desc, const PeerProblem& p) {
    bias = bias_rows_of(p);
    y = memory(desc.dst_layer_desc(), engine);
    y_of_problem = memory(sizes_of(p).y, engine, p.y);
    count_of_y = p.T * p.B * p.H;
    arguments = {
        {DNNL_ARG_SRC_LAYER, converted(desc.src_layer_desc(), memory(sizes_of(p).x, engine, const_cast<float*>(p.x)))},
        {DNNL_ARG_WEIGHTS_LAYER, converted(desc.weights_layer_desc(), plain_weights(engine, p, p.I, p.kernel))},
        {DNNL_ARG_WEIGHTS_ITER, converted(desc.weights_iter_desc(), plain_weights(engine, p, p.H, p.recurrent_kernel))},
        {DNNL_ARG_BIAS, memory(desc.bias_desc(), engine, bias.data())},
        {DNNL_ARG_DST_LAYER, y}};
    if (kind == dnnl::prop_kind::forward_training) {
      arguments[DNNL_ARG_WORKSPACE] = memory(desc.workspace_desc(), engine);
    }
    if (p.initial_h == nullptr) return;
    const memory initial(state_of(p, Type::f32), engine, const_cast<float*>(p.initial_h));
    arguments[DNNL_ARG_SRC_ITER] = converted(state_of(p, type), initial);
    arguments[DNNL_ARG_DST_ITER] =
        type == Type::f32 ? memory(state_of(p, type), engine, p.final_h) : memory(state_of(p, type), engine);
  }

  /// In the layout and dtype of `wanted`.
  memory converted(const memory::desc& wanted, memory plain) {
    memory result(wanted, engine);
    dnnl::reorder(plain, result, attributes).execute(stream, plain, result);
    stream.wait();
    return result;
  }

  void run() {
    if (training) return training->run();
    primitive.execute(stream, arguments);
    stream.wait();
  }

  /// Writes the last run's results to where the problem wants them.
  void write_results() {
    if (training) return training->write_gradients();
    if (type == Type::u8) return widen(values_of<std::uint8_t>(y), count_of_y, values_of<float>(y_of_problem));
    dnnl::reorder(y, y_of_problem).execute(stream, y, y_of_problem);
    stream.wait();
  }

  dnnl::engine engine;
  dnnl::stream stream;
  Type type;
  dnnl::primitive_attr attributes;
  dnnl::prop_kind kind;
  std::int64_t count_of_y = 0;
  std::vector<float> bias;
  memory y, y_of_problem;
  std::unordered_map<int, memory> arguments;
  dnnl::primitive primitive;
  std::optional<OnednnTraining> training;  ///< run in place of the primitive
};

Peer* peer_create(const PeerProblem* problem) try {
  return std::make_unique<Peer>(*problem).release();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", peer_version(), error.what());
  return nullptr;
}

double peer_run(Peer* peer, std::int64_t runs) {
  const double seconds = seconds_of(runs, [&] { peer->run(); });
  peer->write_results();
  return seconds;
}

void peer_destroy(Peer* peer) { delete peer; }

const char* peer_version() {
  static const std::string text = [] {
    const dnnl_version_t* version = dnnl_version();
    return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch);
  }();
  return text.c_str();
}
