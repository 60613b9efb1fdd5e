/// A training step with oneDNN. Compiles against versions 2 and 3.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "cpu/onednn_operation.h"

/// A run that keeps oneDNN's workspace, then the gradients of x and of all weights. Weights are packed by the
/// constructor, for either direction, and with the variant "train_reload" by each run as well.
class OnednnTraining {
 public:
  explicit OnednnTraining(const PeerProblem& problem);

  void run();
  /// Writes the last run's gradients of weights in Keras's layout to where the problem wants them.
  void write_gradients();

 private:
  using memory = dnnl::memory;
  struct Packing {
    memory plain, packed;
    dnnl::reorder reorder;
  };

  void make_lstm(const PeerProblem& problem);
  void make_gru(const PeerProblem& problem);
  template <typename ForwardDesc, typename BackwardDesc>
  void hand_in(const PeerProblem& problem, const ForwardDesc& forward, const BackwardDesc& backward);
  template <typename BackwardDesc>
  void want_gradients(const PeerProblem& problem, const BackwardDesc& backward);
  template <typename Desc>
  void add_weights(const PeerProblem& problem, const Desc& desc, std::unordered_map<int, memory>& arguments);
  memory packed(const memory::desc& wanted, const memory& plain);
  void pack_weights();
  void write_bias() const;

  dnnl::engine engine_;
  dnnl::stream stream_;
  bool reloads_;
  bool gru_;
  float* d_bias_;
  std::vector<float> bias_;
  std::vector<Packing> weights_;
  std::vector<Packing> d_weights_;  ///< `packed` is what oneDNN computes
  std::unordered_map<int, memory> run_, gradients_;
  dnnl::primitive forward_, backward_;
};
