/// Recurrent nodes of ONNX models: their attributes, their weights in Keras's layout, and a runner.
///
/// Source: https://onnx.ai/onnx/operators/onnx__RNN.html, onnx__GRU.html and onnx__LSTM.html, versions 1 to 22.
/// D is the number of directions, 1 or 2; T, B, I and H are as everywhere in Rondo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/loaded_network.h"
#include "rondo/plan/network.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Values of the attribute `direction` of a node.
enum class OnnxDirection : std::uint8_t { forward, reverse, bidirectional };

std::string to_string(OnnxDirection direction);  ///< "forward", "reverse" or "bidirectional"

/// The functions of one direction, in the operator's letters. An RNN has f alone. In a GRU f is for the gates and g for
/// the candidate; in an LSTM f is for the gates, g for the candidate and h for the cell's state.
struct OnnxActivations {
  Activation f = Activation::sigmoid;
  Activation g = Activation::tanh;
  Activation h = Activation::tanh;

  bool operator==(const OnnxActivations&) const = default;
};

/// The attributes of a node.
struct OnnxOperator {
  CellKind kind = CellKind::lstm;
  OnnxDirection direction = OnnxDirection::forward;
  std::int64_t hidden_size = 0;                   ///< H; 0: taken from R
  bool batch_major = false;                       ///< `layout` 1: B before T, and before D
  bool linear_before_reset = false;               ///< GRU only: Keras's `reset_after`
  bool input_forget = false;                      ///< LSTM only: f = 1 - i
  std::optional<double> clip = std::nullopt;      ///< the input of every activation is cut to [-clip, clip]
  std::vector<OnnxActivations> activations = {};  ///< one for each direction; empty: the operator's defaults
};

/// The number of directions, 1 or 2.
int direction_count(OnnxDirection direction);

/// The weights among a node's inputs, in ONNX's layout: gates are i o f c for an LSTM, z r h for a GRU.
struct OnnxWeights {
  Tensor kernel;                                   ///< W (D, G H, I)
  Tensor recurrent_kernel;                         ///< R (D, G H, H)
  std::optional<Tensor> bias = std::nullopt;       ///< B (D, 2 G H): the biases of W, then those of R
  std::optional<Tensor> peepholes = std::nullopt;  ///< P (D, 3 H), LSTM only: i o f
};

/// One direction of a node as a cell of Rondo.
struct OnnxCell {
  CellSpec cell;  ///< if g and h of an LSTM differ, `activation` is g
  RecurrentWeights weights;
  OnnxActivations activations = {};
};

/// One cell for each direction, forward first, with weights in Keras's layout and in memory of their own: transposed,
/// gates in Keras's order, the two biases added except for a GRU with `linear_before_reset`, whose bias is (2, 3 H).
/// Throws `ValueError` naming the input or the attribute that does not fit, what was given and what was expected.
std::vector<OnnxCell> onnx_cells(const OnnxOperator& op, const OnnxWeights& weights);

/// The reverse of onnx_cells: onnx_cells of the result has equal weights, bit for bit. If Keras has one bias, the bias
/// of R is zeros. Throws `ValueError` unless there are one or two cells of one shape.
OnnxWeights onnx_weights(const std::vector<OnnxCell>& cells);

/// Inputs of a node that the model itself holds, on the host: initializers, and what follows from them and from the
/// shapes of inputs before the model runs, as exporters leave it (docs/guide/from_onnx.md lists the operators).
struct OnnxConstants {
  std::optional<Tensor> kernel = std::nullopt;
  std::optional<Tensor> recurrent_kernel = std::nullopt;
  std::optional<Tensor> bias = std::nullopt;
  std::optional<Tensor> lengths = std::nullopt;
  std::optional<Tensor> initial_h = std::nullopt;  ///< of one row (B 1): the state of every row
  std::optional<Tensor> initial_c = std::nullopt;
  std::optional<Tensor> peepholes = std::nullopt;
};

/// How X stands in the model's input: as it is, or with T and B swapped; `unknown`: X comes from something else.
enum class OnnxInputOrder : std::uint8_t { same, swapped, unknown };

/// Describes one recurrent node of a model: RNN, GRU, LSTM, or ONNX Runtime's com.microsoft.DynamicQuantizeLSTM, which
/// becomes an LSTM with dequantised weights.
struct OnnxNode {
  /// The node's name, or else the name of its first output that has one. Before it stands the path of a node in the
  /// body of If, Loop or Scan, "loop/body/lstm", or in a function, "call/lstm".
  std::string name;
  std::string file;  ///< for messages
  OnnxOperator op;   ///< of a node with an `error` perhaps no more than the kind
  /// Names in the operator's order, X W R B sequence_lens initial_h initial_c P; "" for an input that is left out.
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};  ///< Y Y_h Y_c
  OnnxConstants constants = {};
  std::string op_type = {};  ///< in the file, such as "LSTM" or "com.microsoft.DynamicQuantizeLSTM"
  /// Of each of `inputs` that is no constant, why: "'x', which MatMul 'm' computes"; of X, why its order is unknown.
  std::vector<std::string> reasons = {};
  OnnxInputOrder input_order = OnnxInputOrder::unknown;
  /// Why nothing can be made of the node, as a whole message; empty if nothing is wrong.
  std::string error = {};

  /// The weights, for onnx_cells and OnnxRunner. Throws `ValueError` with `error`, or naming the node and a weight that
  /// the model computes when it runs.
  OnnxWeights weights() const;
};

/// A tensor that a model holds, without its elements.
struct OnnxTensorInfo {
  std::string name;  ///< with the path of a graph or function before it, as OnnxNode::name
  std::string type;  ///< data type and shape, such as "FLOAT(3, 4)"
};

struct OnnxSource;

/// Holds the recurrent nodes of a model file, and gives access to all of its constants.
///
/// @code
/// OnnxModel model = load_onnx("model.onnx");
/// std::puts(describe(model).c_str());
/// for (const OnnxTensorInfo& tensor : model.tensors) std::puts((tensor.name + " " + tensor.type).c_str());
/// Tensor first = model.tensor(model.tensors[0].name);
/// @endcode
struct OnnxModel {
  std::string file;
  std::string producer;         ///< such as "pytorch"; empty if the file does not name one
  std::int64_t ir_version = 0;  ///< the version of the file format
  std::int64_t opset = 0;       ///< the version of the operators
  /// Every recurrent node, in the order of the graph: also those in the bodies of If, Loop and Scan and in functions,
  /// and those of which nothing can be made.
  std::vector<OnnxNode> nodes = {};
  std::vector<OnnxTensorInfo> tensors = {};         ///< the initializers of all graphs
  std::map<std::string, int> other_operators = {};  ///< the number of other nodes of each operator
  std::shared_ptr<const OnnxSource> source = nullptr;

  /// The node of this name; the end of a path is enough where one node alone has it. Throws `ValueError` listing the
  /// known names.
  const OnnxNode& node(const std::string& name) const;

  /// An initializer, the value of a Constant, or what follows from them, by its name. The elements are read when they
  /// are asked for: those in the model file are viewed and must not be written to, those in another file are read each
  /// time. Types that Rondo lacks widen: INT8, INT16, INT4 and their like to i32, UINT32 and UINT64 to i64. Throws
  /// `ValueError` naming the tensor: for a name that the model does not have or computes when it runs, another type,
  /// and data that do not fit the shape or are not where the model says.
  Tensor tensor(const std::string& name) const;
};

/// A text of several lines: the file, each recurrent node, or why nothing can be made of it, other nodes by operator.
std::string describe(const OnnxModel& model);

/// Reads a model file. Weights may be in other files of its folder, or below it: the model chooses among these alone,
/// so absolute paths, "..", and symbolic links that leave the folder are errors of what reads such a tensor. Throws
/// `ValueError` for a file that cannot be read or is no ONNX model, and for graphs or functions inside of each other
/// without an end. What is wrong with a node is in OnnxNode::error, and is thrown when something is made of the node:
/// an attribute of another type or value than the operator has; an activation that Rondo does not have; a weight of
/// another dtype than f16, bf16, f32 and f64, with fewer or more data than its shape says, or of a shape that does not
/// fit the node.
OnnxModel load_onnx(const std::filesystem::path& path);

/// Reads a model as load_onnx does, from memory, where it has no other files; messages call the file `name`.
OnnxModel parse_onnx(std::span<const std::byte> bytes, const std::string& name);

/// Reads a single tensor (TensorProto), such as the `.pb` files of ONNX's own tests. Types are those of
/// OnnxModel::tensor. Throws `ValueError` as that function.
Tensor parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name);

/// Recurrent nodes of a model as layers on top of each other, from the input up. Exporters put Squeeze, Transpose and
/// Reshape between such nodes, so the caller says that each node reads the outputs of the one before. Constant lengths
/// and initial states of the nodes are not taken. Throws `ValueError` for no nodes, a node that a CellSpec cannot
/// express (`clip`, `input_forget`, an LSTM with different g and h), and as OnnxNode::weights.
[[nodiscard]] LoadedNetwork onnx_network(std::span<const OnnxNode> nodes);

/// The recurrent nodes of a model as a network, where they are a stack: each node but the first one reads the outputs Y
/// of the node before, both directions side by side, through nothing but Transpose, Squeeze, Unsqueeze, Reshape and
/// Identity, as exporters write a stack of layers. The input of the network is X of the first node, time before batch.
/// Lengths and initial states that the model computes or has as inputs are the caller's to give. Throws `ValueError`
/// for a model whose nodes are no such stack, naming what stands between two nodes; for constant lengths, and initial
/// states that are not zeros; and as onnx_network of a list.
[[nodiscard]] LoadedNetwork onnx_network(const OnnxModel& model);

/// Inputs of one run, with the weights' dtype, on their device. With `batch_major` B stands before T, and before D.
struct OnnxInputs {
  Tensor x;                                        ///< X (T, B, I)
  std::optional<Tensor> lengths = std::nullopt;    ///< sequence_lens (B,), i32 from 0 to T
  std::optional<Tensor> initial_h = std::nullopt;  ///< (D, B, H); absent: zeros
  std::optional<Tensor> initial_c = std::nullopt;  ///< (D, B, H), LSTM only
};

/// Results of one run, under the names of the operator.
struct OnnxOutputs {
  Tensor y;                                  ///< Y (T, D, B, H), with `batch_major` (B, T, D, H); zeros past a length
  Tensor y_h;                                ///< Y_h (D, B, H): each row after the last step within its length
  std::optional<Tensor> y_c = std::nullopt;  ///< Y_c (D, B, H), LSTM only
};

/// Runs one node, any number of times. A reverse direction reads each row from the last step within the row's length,
/// and its outputs stand at the steps that were read. A row of length 0 keeps its initial states, and `clip` also cuts
/// the input of an LSTM's h: at these two points ONNX Runtime differs (docs/semantics.md, "ONNX").
///
/// A node that CellSpec can express is planned, both directions as one network; one with `clip`, `input_forget` or
/// different g and h runs step by step, by rnn(), in the dtype of the tensors. It is used by one thread at a time.
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
  OnnxRunner(const OnnxOperator& op, const OnnxWeights& weights, const PlanOptions& plan = {});
  /// Uses the weights of the model, and its constant lengths and initial states in runs that give none. Constant states
  /// of one row, and zeros, are for any B. Lengths and states that the rest of the model computes must be given to each
  /// run. Also throws as OnnxNode::weights.
  explicit OnnxRunner(const OnnxNode& node, Device device = cpu(), const PlanOptions& plan = {});
  ~OnnxRunner();
  OnnxRunner(OnnxRunner&&) noexcept;
  OnnxRunner& operator=(OnnxRunner&&) noexcept;

  /// Results are row-major, with memory of their own. On a CUDA device the work is queued on the calling thread's
  /// current stream. The runner keeps the sessions of the eight sizes that were used last. Throws `ValueError` naming
  /// the input that does not fit, before anything runs. A planned node does not throw for lengths on a CUDA device, but
  /// clamps them to 0 .. T (docs/semantics.md, "Lengths out of range").
  OnnxOutputs run(const OnnxInputs& inputs);

  /// How inputs of this size would run: NetworkPlan::explain, or why the node runs step by step.
  std::string explain(std::int64_t T, std::int64_t B, bool has_lengths) const;

  /// As Session::finish, for the runs with the eight sizes of inputs that were used last.
  SessionStatus finish();
  [[deprecated("it is called finish now")]] SessionStatus status() { return finish(); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
