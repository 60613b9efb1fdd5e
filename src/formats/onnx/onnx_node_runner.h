/// Runs recurrent ONNX nodes with outputs in memory of the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/onnx/onnx_node_weights.h"
#include "plan/kept_runs.h"
#include "rondo/formats/onnx_model.h"

namespace rondo {

/// The sizes and inputs that a plan of a node is made for.
struct OnnxRunSizes {
  std::int64_t T = 0;
  std::int64_t B = 0;
  bool has_lengths = false;
};

/// A node, any number of times, with the sessions of the eight sizes that were used last. Many threads may call `run`:
/// each has a session of its own for the length of a call.
class OnnxNodeRunner {
 public:
  explicit OnnxNodeRunner(std::shared_ptr<const OnnxNodeWeights> weights, PlanOptions options = {});

  const OnnxNodeWeights& weights() const { return *weights_; }
  /// The shape of Y.
  Shape sequence_shape(const OnnxRunSizes& sizes) const;
  /// The shape of initial_h, initial_c, Y_h and Y_c.
  Shape state_shape(std::int64_t B) const;
  /// Y, Y_h and, of an LSTM, Y_c, with memory of their own.
  OnnxOutputs allocate(const OnnxRunSizes& sizes) const;

  /// Throws `ValueError` naming the input that does not fit.
  OnnxRunSizes check(const OnnxInputs& inputs) const;
  /// `sizes` are what `check` returned for the inputs. Outputs have the shapes above, and are row-major; those that are
  /// not defined are not wanted.
  void run(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs);

  /// OnnxRunner::explain.
  std::string explain(const OnnxRunSizes& sizes) const;
  /// OnnxRunner::finish, while no other thread uses the runner.
  SessionStatus finish();

 private:
  const OnnxOperator& op() const { return weights_->op; }
  int direction_axis() const { return op().batch_major ? 1 : 0; }
  RecurrenceSpec recurrence(const OnnxRunSizes& sizes, std::int64_t direction) const;
  NetworkSpec network(const OnnxRunSizes& sizes) const;
  /// The initial states of one direction: none where the run begins with zeros.
  std::vector<Tensor> initial_states(const OnnxInputs& inputs, const OnnxRunSizes& sizes, std::int64_t direction) const;
  /// Where one direction writes its last states: none where they are not wanted.
  std::vector<Tensor> final_states(const OnnxOutputs& outputs, const OnnxRunSizes& sizes, std::int64_t direction) const;
  void run_direction(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs,
                     std::int64_t direction);
  void run_network(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs);
  void run_steps(const OnnxInputs& inputs, const OnnxRunSizes& sizes, const OnnxOutputs& outputs) const;

  std::shared_ptr<const OnnxNodeWeights> weights_;
  PlanOptions options_;
  KeptNetworks kept_networks_ = {};                      ///< of both directions at once
  std::array<KeptRecurrences, 2> kept_directions_ = {};  ///< of one direction each
};

}  // namespace rondo
