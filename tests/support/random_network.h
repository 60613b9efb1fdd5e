/// Random networks: layers of random recurrences, and all tensors of a run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rondo/plan/network.h"
#include "support/random.h"

namespace rondo::test {

struct RandomNetwork {
  NetworkSpec spec;  ///< f32, on the CPU
  std::vector<NetworkWeights> weights;
  NetworkTensors tensors;  ///< the inputs of runs, without outputs

  /// The outputs that runs are asked for.
  bool wants_y = true;
  std::vector<bool> wants_last_outputs;  ///< by layer
  std::vector<bool> wants_final_states;
};

/// A network of 1 to 3 layers and up to 9 steps, some in both directions, most forward only, so that wavefronts occur.
RandomNetwork random_network(Random& random);

/// A network with a layer of every kind of cell, with H units, forward only, without mask, lengths and initial states.
RandomNetwork plain_network(std::int64_t T, std::int64_t B, std::int64_t H);

/// plain_network with a layer in both directions on top.
RandomNetwork tall_network_of(std::int64_t T, std::int64_t B, std::int64_t H);

/// A copy of the network on another device, with all numbers converted.
RandomNetwork moved(const RandomNetwork& network, DType dtype, Device device);

/// The tensors of a run, with memory for all wanted outputs, filled with NaN.
NetworkTensors with_outputs(const RandomNetwork& network);

/// The outputs of a run by name, on the CPU.
std::map<std::string, Tensor> take_outputs(const NetworkTensors& tensors);

/// The outputs that a session on the current stream writes in the last of `runs` runs with the same tensors.
std::map<std::string, Tensor> run_network(const RandomNetwork& network, const NetworkPlan& plan, int runs = 1);

/// The outputs of Sessions that run one after the other on one stream, each for a chunk of the plan. Outputs of both
/// directions are copied together.
std::map<std::string, Tensor> run_by_hand(const RandomNetwork& network, const NetworkPlan& plan);

/// Expects equal bits.
void expect_identical(const std::map<std::string, Tensor>& actual, const std::map<std::string, Tensor>& expected);

}  // namespace rondo::test
