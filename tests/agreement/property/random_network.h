/// Random networks: layers of random recurrences, and all tensors of a run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rondo/plan/network.h"
#include "support/random.h"

namespace rondo::test {

struct RandomNetwork {
  NetworkSpec spec;  ///< of f32 on the CPU
  std::vector<NetworkWeights> weights;
  NetworkTensors tensors;  ///< what runs read; what they write is not in it

  /// What a run is asked for besides what each layer has.
  bool wants_y = true;
  std::vector<bool> wants_last_outputs;  ///< by layer
  std::vector<bool> wants_final_states;
};

/// Of 1 to 3 layers and up to 9 steps, some in both directions; most forward, so that wavefronts are among them.
RandomNetwork random_network(Random& random);

/// A layer of every kind of cell, with `H` units, in one direction, without mask, lengths and initial states.
RandomNetwork plain_network(std::int64_t T, std::int64_t B, std::int64_t H);

/// The same with a layer in both directions on top.
RandomNetwork tall_network_of(std::int64_t T, std::int64_t B, std::int64_t H);

/// The same network with all numbers converted, on another device.
RandomNetwork moved(const RandomNetwork& network, DType dtype, Device device);

/// With memory, filled with NaN, for everything that the network is asked for.
NetworkTensors with_outputs(const RandomNetwork& network);

/// The outputs of a run by name, on the CPU.
std::map<std::string, Tensor> take_outputs(const NetworkTensors& tensors);

/// What a session on the current stream writes in the last of some runs with the same tensors.
std::map<std::string, Tensor> run_network(const RandomNetwork& network, const NetworkPlan& plan, int runs = 1);

/// The same by Sessions, one after the other on one stream, each for a chunk as the plan has it. Outputs of both
/// directions are copied together.
std::map<std::string, Tensor> run_by_hand(const RandomNetwork& network, const NetworkPlan& plan);

/// Bit for bit.
void expect_identical(const std::map<std::string, Tensor>& actual, const std::map<std::string, Tensor>& expected);

}  // namespace rondo::test
