// oneDNN behind peer.h. Compiles against versions 2 and 3; weights are in the layout that oneDNN asks for.

#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cpu/peer.h"
#include "cpu/peer_seconds.h"
#include "dnnl.hpp"

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc describe(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

// Describes an operation and makes its primitive description; version 3 has one object for both.
template <typename Operation, typename... Arguments>
typename Operation::primitive_desc make(const dnnl::engine& engine, const Arguments&... arguments) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kDirection = dnnl::rnn_direction::unidirectional_left2right;
#if DNNL_VERSION_MAJOR >= 3
  return typename Operation::primitive_desc(engine, kKind, kDirection, arguments...);
#else
  return typename Operation::primitive_desc(typename Operation::desc(kKind, kDirection, arguments...), engine);
#endif
}

}  // namespace

struct Peer {
  explicit Peer(const PeerProblem& problem) : engine(dnnl::engine::kind::cpu, 0), stream(engine) {
    if (problem.gru != 0) {
      make_gru(problem);
    } else {
      make_lstm(problem);
    }
  }

  void make_lstm(const PeerProblem& problem) {
    const Sizes sizes = sizes_of(problem, 4, 4);
    const auto state = state_of(problem);
    const auto desc = make<dnnl::lstm_forward>(engine, sizes.x, state, state, sizes.kernel, sizes.recurrent_kernel,
                                               sizes.bias, sizes.y, state, state);
    fill(desc, problem, 4, std::vector<float>(problem.bias, problem.bias + 4 * problem.H));
    if (problem.initial_h != nullptr) {
      arguments[DNNL_ARG_SRC_ITER_C] = memory(state, engine, const_cast<float*>(problem.initial_c));
      arguments[DNNL_ARG_DST_ITER_C] = memory(state, engine, problem.final_c);
    }
    primitive = dnnl::lstm_forward(desc);
  }

  // Rows of oneDNN's bias: z and r, summed over both products, then the candidate's bias of each product.
  void make_gru(const PeerProblem& problem) {
    const Sizes sizes = sizes_of(problem, 3, 4);
    const auto state = state_of(problem);
    const auto desc = make<dnnl::lbr_gru_forward>(engine, sizes.x, state, sizes.kernel, sizes.recurrent_kernel,
                                                  sizes.bias, sizes.y, state);
    const std::int64_t H = problem.H;
    std::vector<float> rows(problem.bias, problem.bias + 3 * H);
    for (std::int64_t k = 0; k < 2 * H; ++k) rows[static_cast<std::size_t>(k)] += problem.bias[3 * H + k];
    rows.insert(rows.end(), problem.bias + 5 * H, problem.bias + 6 * H);
    fill(desc, problem, 3, rows);
    primitive = dnnl::lbr_gru_forward(desc);
  }

  struct Sizes {
    memory::desc x, kernel, recurrent_kernel, bias, y;
  };

  static Sizes sizes_of(const PeerProblem& p, std::int64_t gates, std::int64_t bias_gates) {
    return {describe({p.T, p.B, p.I}, Tag::tnc), describe({1, 1, p.I, gates, p.H}, Tag::any),
            describe({1, 1, p.H, gates, p.H}, Tag::any), describe({1, 1, bias_gates, p.H}, Tag::ldgo),
            describe({p.T, p.B, p.H}, Tag::tnc)};
  }

  // An empty description where initial states are zeros and final states are not wanted.
  static memory::desc state_of(const PeerProblem& p) {
    return p.initial_h == nullptr ? memory::desc() : describe({1, 1, p.B, p.H}, Tag::ldnc);
  }

  template <typename Desc>
  void fill(const Desc& desc, const PeerProblem& p, std::int64_t gates, const std::vector<float>& bias_values) {
    bias = bias_values;
    arguments = {{DNNL_ARG_SRC_LAYER, memory(desc.src_layer_desc(), engine, const_cast<float*>(p.x))},
                 {DNNL_ARG_WEIGHTS_LAYER, packed(desc.weights_layer_desc(), p.kernel, p.I, gates, p.H)},
                 {DNNL_ARG_WEIGHTS_ITER, packed(desc.weights_iter_desc(), p.recurrent_kernel, p.H, gates, p.H)},
                 {DNNL_ARG_BIAS, memory(desc.bias_desc(), engine, bias.data())},
                 {DNNL_ARG_DST_LAYER, memory(desc.dst_layer_desc(), engine, p.y)}};
    if (p.initial_h == nullptr) return;
    arguments[DNNL_ARG_SRC_ITER] = memory(state_of(p), engine, const_cast<float*>(p.initial_h));
    arguments[DNNL_ARG_DST_ITER] = memory(state_of(p), engine, p.final_h);
  }

  memory packed(const memory::desc& wanted, const float* values, std::int64_t rows, std::int64_t gates,
                std::int64_t H) {
    memory plain(describe({1, 1, rows, gates, H}, Tag::ldigo), engine, const_cast<float*>(values));
    memory result(wanted, engine);
    dnnl::reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
  }

  dnnl::engine engine;
  dnnl::stream stream;
  std::vector<float> bias;
  std::unordered_map<int, memory> arguments;
  dnnl::primitive primitive;
};

Peer* peer_create(const PeerProblem* problem) try {
  return std::make_unique<Peer>(*problem).release();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", peer_version(), error.what());
  return nullptr;
}

double peer_run(Peer* peer, std::int64_t runs) {
  return seconds_of(runs, [&] {
    peer->primitive.execute(peer->stream, peer->arguments);
    peer->stream.wait();
  });
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
