/// Reads golden cases of PyTorch: a module as a network, sequences, and states.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agreement/golden/golden_case.h"
#include "rondo/formats/loaded_network.h"

namespace rondo::golden {

/// How a network takes a batch.
enum class Form : std::uint8_t { padded, packed };

/// The kind of the module's cells.
CellKind kind_of_module(const GoldenCase& golden);

/// The module on the case's device.
LoadedNetwork network_of(const GoldenCase& golden);

/// Whether PyTorch ran the case as a PackedSequence.
bool is_packed(const GoldenCase& golden);

/// The spec of the network for the case's batch. Every recurrence keeps what its gradients need.
NetworkSpec spec_of(const GoldenCase& golden, const LoadedNetwork& network, Form form, Keep keep);

/// A sequence of the case as the network has it: (T, B, width), or packed (N, width).
Tensor sequence_of(const GoldenCase& golden, const std::string& name, Form form);

/// States as PyTorch has them, h_n and c_n: (layers D, B, width), with a row for each direction of each layer.
class StackedStates {
 public:
  /// The tensors `prefix` + h_n and c_n; no states if the case has none of that name.
  StackedStates(const GoldenCase& golden, const std::string& prefix);

  /// Room for states like these.
  StackedStates unwritten_like_these() const;

  /// The states of one direction of a layer, as views.
  std::vector<Tensor> row(std::int64_t row) const;

  /// Compares the states with the tensors `prefix` + h_n and c_n of a case.
  std::string differences(const GoldenCase& golden, const std::string& prefix) const;

 private:
  std::vector<NamedTensor> states_;  // by their names without the prefix
};

}  // namespace rondo::golden
