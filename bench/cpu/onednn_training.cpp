#include "cpu/onednn_training.h"

#include <algorithm>
#include <cstring>

using namespace onednn_peer;

namespace {

// An initial state of zeros, or a final state that is not wanted.
const memory::desc kNoState;

constexpr auto kForward = dnnl::prop_kind::forward_training;

float* values_of(const memory& tensor) { return static_cast<float*>(tensor.get_data_handle()); }

void fill_with_zeros(const memory& tensor) { std::memset(tensor.get_data_handle(), 0, tensor.get_desc().get_size()); }

}  // namespace

OnednnTraining::OnednnTraining(const PeerProblem& problem)
    : engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      reloads_(std::string(problem.variant) == "train_reload"),
      gru_(problem.gru != 0),
      d_bias_(problem.d_bias),
      bias_(bias_rows_of(problem)) {
  if (gru_) {
    make_gru(problem);
  } else {
    make_lstm(problem);
  }
  pack_weights();
  stream_.wait();
}

// Has initial states of zeros: without any, versions 2.6 and 3.2 multiply the gradients of the gates with the output of
// the same step, in place of the step before, for the gradient of the recurrent kernel.
void OnednnTraining::make_lstm(const PeerProblem& problem) {
  const Sizes s = sizes_of(problem);
  const auto state = describe({1, 1, problem.B, problem.H}, Tag::ldnc);
  const auto forward = make<dnnl::lstm_forward>(engine_, {}, kForward, s.x, state, state, s.kernel, s.recurrent_kernel,
                                                s.bias, s.y, kNoState, kNoState);
  const auto backward = make_backward<dnnl::lstm_backward>(
      engine_, forward, s.x, state, state, s.kernel, s.recurrent_kernel, s.bias, s.y, kNoState, kNoState,  //
      s.x, state, state, s.kernel, s.recurrent_kernel, s.bias, s.y, kNoState, kNoState);
  hand_in(problem, forward, backward);
  for (const int argument : {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C}) {
    run_[argument] = gradients_[argument] = memory(state, engine_);
    fill_with_zeros(run_[argument]);
  }
  gradients_[DNNL_ARG_DIFF_SRC_ITER] = memory(state, engine_);
  gradients_[DNNL_ARG_DIFF_SRC_ITER_C] = memory(state, engine_);
  forward_ = dnnl::lstm_forward(forward);
  backward_ = dnnl::lstm_backward(backward);
}

void OnednnTraining::make_gru(const PeerProblem& problem) {
  const Sizes s = sizes_of(problem);
  const auto forward = make<dnnl::lbr_gru_forward>(engine_, {}, kForward, s.x, kNoState, s.kernel, s.recurrent_kernel,
                                                   s.bias, s.y, kNoState);
  const auto backward = make_backward<dnnl::lbr_gru_backward>(
      engine_, forward, s.x, kNoState, s.kernel, s.recurrent_kernel, s.bias, s.y, kNoState,  //
      s.x, kNoState, s.kernel, s.recurrent_kernel, s.bias, s.y, kNoState);
  hand_in(problem, forward, backward);
  forward_ = dnnl::lbr_gru_forward(forward);
  backward_ = dnnl::lbr_gru_backward(backward);
}

template <typename ForwardDesc, typename BackwardDesc>
void OnednnTraining::hand_in(const PeerProblem& problem, const ForwardDesc& forward, const BackwardDesc& backward) {
  run_ = {{DNNL_ARG_SRC_LAYER, memory(forward.src_layer_desc(), engine_, const_cast<float*>(problem.x))},
          {DNNL_ARG_BIAS, memory(forward.bias_desc(), engine_, bias_.data())},
          {DNNL_ARG_DST_LAYER, memory(forward.dst_layer_desc(), engine_, problem.y)},
          {DNNL_ARG_WORKSPACE, memory(forward.workspace_desc(), engine_)}};
  gradients_ = run_;
  add_weights(problem, forward, run_);
  add_weights(problem, backward, gradients_);
  want_gradients(problem, backward);
}

template <typename BackwardDesc>
void OnednnTraining::want_gradients(const PeerProblem& problem, const BackwardDesc& backward) {
  const auto wanted = [&](const memory::desc& desc, std::int64_t rows, float* values) {
    const memory plain = plain_weights(engine_, problem, rows, values);
    const memory computed(desc, engine_);
    d_weights_.push_back({plain, computed, dnnl::reorder(computed, plain)});
    return computed;
  };
  const auto d_y = backward.diff_dst_layer_desc(), d_x = backward.diff_src_layer_desc();
  gradients_[DNNL_ARG_DIFF_DST_LAYER] = memory(d_y, engine_, const_cast<float*>(problem.d_y));
  gradients_[DNNL_ARG_DIFF_SRC_LAYER] = memory(d_x, engine_, problem.d_x);
  gradients_[DNNL_ARG_DIFF_WEIGHTS_LAYER] = wanted(backward.diff_weights_layer_desc(), problem.I, problem.d_kernel);
  gradients_[DNNL_ARG_DIFF_WEIGHTS_ITER] =
      wanted(backward.diff_weights_iter_desc(), problem.H, problem.d_recurrent_kernel);
  gradients_[DNNL_ARG_DIFF_BIAS] = memory(backward.diff_bias_desc(), engine_);
}

template <typename Desc>
void OnednnTraining::add_weights(const PeerProblem& problem, const Desc& desc,
                                 std::unordered_map<int, memory>& arguments) {
  const memory kernel = plain_weights(engine_, problem, problem.I, problem.kernel);
  const memory recurrent_kernel = plain_weights(engine_, problem, problem.H, problem.recurrent_kernel);
  arguments[DNNL_ARG_WEIGHTS_LAYER] = packed(desc.weights_layer_desc(), kernel);
  arguments[DNNL_ARG_WEIGHTS_ITER] = packed(desc.weights_iter_desc(), recurrent_kernel);
}

// Memory of the wanted layout, into which pack_weights packs the plain weights. Plain ones are used where they are.
dnnl::memory OnednnTraining::packed(const memory::desc& wanted, const memory& plain) {
  if (plain.get_desc() == wanted) return plain;
  const memory result(wanted, engine_);
  weights_.push_back({plain, result, dnnl::reorder(plain, result)});
  return result;
}

void OnednnTraining::pack_weights() {
  for (Packing& packing : weights_) packing.reorder.execute(stream_, packing.plain, packing.packed);
}

// oneDNN adds to the gradients of weights, so they begin as zeros.
void OnednnTraining::run() {
  if (reloads_) pack_weights();
  forward_.execute(stream_, run_);
  stream_.wait();
  for (const int argument : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS})
    fill_with_zeros(gradients_.at(argument));
  backward_.execute(stream_, gradients_);
  stream_.wait();
}

void OnednnTraining::write_gradients() {
  for (Packing& packing : d_weights_) packing.reorder.execute(stream_, packing.packed, packing.plain);
  stream_.wait();
  write_bias();
}

void OnednnTraining::write_bias() const {
  const float* rows = values_of(gradients_.at(DNNL_ARG_DIFF_BIAS));
  const std::size_t H = bias_.size() / 4;
  if (!gru_) {
    std::copy_n(rows, 4 * H, d_bias_);
    return;
  }
  std::copy_n(rows, 3 * H, d_bias_);              // z, r and the candidate's bias of x W
  std::copy_n(rows, 2 * H, d_bias_ + 3 * H);      // z and r have one gradient for both products
  std::copy_n(rows + 3 * H, H, d_bias_ + 5 * H);  // the candidate's bias of h U
}
