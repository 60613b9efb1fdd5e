/// Recurrent nodes of ONNX models: what they are, their weights in Keras's layout, and running them. Floor 7.
///
/// Source: https://onnx.ai/onnx/operators/onnx__RNN.html, onnx__GRU.html and onnx__LSTM.html, versions 1 to 22.
/// D directions, 1 or 2; T, B, I, H as everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/plan/network.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Values of the attribute `direction` of a node.
enum class OnnxDirection : std::uint8_t { forward, reverse, bidirectional };

/// "forward", "reverse" or "bidirectional".
std::string to_string(OnnxDirection direction);

/// The functions of one direction, in the operator's letters: of an RNN f is all, of a GRU f is that of the gates and g
/// the candidate's, of an LSTM f is that of the gates, g the candidate's and h that of the cell's state.
struct OnnxActivations {
  Activation f = Activation::sigmoid;
  Activation g = Activation::tanh;
  Activation h = Activation::tanh;

  bool operator==(const OnnxActivations&) const = default;
};

/// What the attributes of a node say.
struct OnnxOperator {
  CellKind kind = CellKind::lstm;
  OnnxDirection direction = OnnxDirection::forward;
  std::int64_t hidden_size = 0;                   ///< H; 0: as R has it
  bool batch_major = false;                       ///< `layout` 1: B before T, and before D
  bool linear_before_reset = false;               ///< GRU only: Keras's `reset_after`
  bool input_forget = false;                      ///< LSTM only: f = 1 - i
  std::optional<double> clip = std::nullopt;      ///< every activation gets its input cut to [-clip, clip]
  std::vector<OnnxActivations> activations = {};  ///< one for each direction; empty: the operator's defaults
};

/// 1 or 2.
int direction_count(OnnxDirection direction);

/// The weights among a node's inputs, as ONNX has them: gates are i o f c for an LSTM, z r h for a GRU.
struct OnnxWeights {
  Tensor kernel;                                   ///< W (D, G H, I)
  Tensor recurrent_kernel;                         ///< R (D, G H, H)
  std::optional<Tensor> bias = std::nullopt;       ///< B (D, 2 G H): the biases of W, then those of R
  std::optional<Tensor> peepholes = std::nullopt;  ///< P (D, 3 H), of an LSTM: i o f
};

/// One direction of a node in Rondo's words.
struct OnnxCell {
  CellSpec cell;  ///< where g and h of an LSTM differ, `activation` is g
  RecurrentWeights weights;
  OnnxActivations activations = {};
};

/// One for each direction, forward first, in Keras's layout with memory of their own: transposed, gates in Keras's
/// order, both biases added but for a GRU with `linear_before_reset`, whose bias is (2, 3 H). Throws `ValueError`
/// naming the input or the attribute that does not fit, what came and what was expected.
std::vector<OnnxCell> onnx_cells(const OnnxOperator& op, const OnnxWeights& weights);

/// The reverse: onnx_cells of the result has the same weights, bit for bit. Where Keras has one bias, that of R is
/// zeros. Throws `ValueError` unless there are one or two cells of one shape.
OnnxWeights onnx_weights(const std::vector<OnnxCell>& cells);

/// Inputs of a node that the model itself holds, as initializers or as Constant nodes, on the host.
struct OnnxConstants {
  std::optional<Tensor> kernel = std::nullopt;
  std::optional<Tensor> recurrent_kernel = std::nullopt;
  std::optional<Tensor> bias = std::nullopt;
  std::optional<Tensor> lengths = std::nullopt;
  std::optional<Tensor> initial_h = std::nullopt;
  std::optional<Tensor> initial_c = std::nullopt;
  std::optional<Tensor> peepholes = std::nullopt;
};

/// Describes one RNN, GRU or LSTM node of a model.
struct OnnxNode {
  std::string name;  ///< the node's; where it has none, that of its first output that has one
  std::string file;  ///< for messages
  OnnxOperator op;
  /// Names in the operator's order, X W R B sequence_lens initial_h initial_c P; "" where one is left out.
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};  ///< Y Y_h Y_c
  OnnxConstants constants = {};

  /// For onnx_cells and OnnxRunner. Throws `ValueError` naming the node and the weight that the model does not hold.
  OnnxWeights weights() const;
};

/// Holds the recurrent nodes of a model file.
struct OnnxModel {
  std::string file;
  std::string producer;              ///< such as "pytorch"; empty where the file does not say
  std::int64_t ir_version = 0;       ///< of the format
  std::int64_t opset = 0;            ///< version of the operators
  std::vector<OnnxNode> nodes = {};  ///< every RNN, GRU and LSTM of the graph, in its order; not those in the bodies of
                                     ///< If, Loop, Scan and functions

  /// Throws `ValueError` listing the known names.
  const OnnxNode& node(const std::string& name) const;
};

/// Reads a model file. Throws `ValueError` naming the file, the node, what came and what was expected: for a file that
/// cannot be read or is no ONNX model; an attribute of another type or value than the operator has; an activation that
/// Rondo does not have; a weight of another dtype than f16, bf16, f32 and f64, with fewer or more data than its shape
/// says, outside of the model file, or of a shape that does not fit the node.
OnnxModel load_onnx(const std::filesystem::path& path);

/// The same from memory; `name` stands for the file in messages.
OnnxModel parse_onnx(std::span<const std::byte> bytes, const std::string& name);

/// A single tensor (TensorProto) of f16, bf16, f32, f64, i32, i64 or bool, such as the `.pb` files of ONNX's own tests.
/// Throws as parse_onnx.
Tensor parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name);

/// Tensors of one run, of the weights' dtype and on their device. With `batch_major` B stands before T, and before D.
struct OnnxInputs {
  Tensor x;                                        ///< X (T, B, I)
  std::optional<Tensor> lengths = std::nullopt;    ///< sequence_lens (B,), i32 from 0 to T
  std::optional<Tensor> initial_h = std::nullopt;  ///< (D, B, H); absent: zeros
  std::optional<Tensor> initial_c = std::nullopt;  ///< (D, B, H), of an LSTM
};

/// Results of one run, under the names of the operator.
struct OnnxOutputs {
  Tensor y;                                  ///< Y (T, D, B, H), with `batch_major` (B, T, D, H); zeros past a length
  Tensor y_h;                                ///< Y_h (D, B, H): after the last step of each row that its length lets in
  std::optional<Tensor> y_c = std::nullopt;  ///< Y_c (D, B, H), of an LSTM
};

/// Runs one node, as often as wanted. A reverse direction reads each row from its last step within its length, and its
/// outputs stand at the steps that were read. In two points ONNX Runtime does something else: a row of length 0, of
/// which the operator's page does not speak, keeps its initial states here (there its states are zeros); and `clip`
/// cuts the input of an LSTM's h, too, as the page says of all activations (there it does not).
///
/// What a CellSpec says is planned, both directions as one network; `clip`, `input_forget` and an LSTM with different g
/// and h are run step by step, by rnn(), in the dtype of the tensors. Used by one thread at a time.
///
/// @code
/// OnnxModel model = load_onnx("model.onnx");
/// OnnxRunner runner(model.nodes[0]);                    // an LSTM of 4 units in one direction
/// Tensor x = Tensor::full({5, 2, 3}, 1.0, DType::f32);  // X (T, B, I)
/// Tensor zeros = Tensor::zeros({1, 2, 4}, DType::f32);  // initial_h and initial_c (D, B, H)
/// OnnxOutputs outputs = runner.run({.x = x, .initial_h = zeros, .initial_c = zeros});
/// std::puts(describe(outputs.y).c_str());               // Y (T, D, B, H)
/// @endcode
class OnnxRunner {
 public:
  /// Throws as onnx_cells.
  OnnxRunner(const OnnxOperator& op, const OnnxWeights& weights);
  /// With the weights of the model, and its constant lengths and initial states where a run gives none. Lengths and
  /// states that the rest of the model computes must be given to each run. Throws as OnnxNode::weights, too.
  explicit OnnxRunner(const OnnxNode& node, Device device = cpu());
  ~OnnxRunner();
  OnnxRunner(OnnxRunner&&) noexcept;
  OnnxRunner& operator=(OnnxRunner&&) noexcept;

  /// Results are row-major, with memory of their own. On a CUDA device the work is queued on the calling thread's
  /// current stream; a plan is made for each new T and B. Throws `ValueError` naming the input that does not fit,
  /// before anything runs. Of a planned node, lengths on a CUDA device are clamped to 0 .. T instead
  /// (docs/semantics.md, "Lengths out of range").
  OnnxOutputs run(const OnnxInputs& inputs);

  /// How inputs of this size would be run: NetworkPlan::explain, or why step by step.
  std::string explain(std::int64_t T, std::int64_t B, bool has_lengths) const;

  /// As Session::status, of the runs since the plan was made last.
  SessionStatus status();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
