// Reads the recurrent nodes of a model: attributes, constants, and what is wrong with them.
#include <array>
#include <utility>

#include "formats/onnx/onnx_operator.h"
#include "formats/onnx/onnx_quantized.h"
#include "formats/onnx/onnx_source.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::array kInputs{"X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"};
constexpr std::array<std::size_t, 3> kWeights{1, 2, 3};
constexpr std::size_t kLengths = 4;
constexpr std::size_t kPeepholes = 7;

/// Reads one node.
class NodeReader {
 public:
  NodeReader(const OnnxPlacedNode& placed, Folder& folder, OnnxNode& result)
      : placed_(placed), folder_(folder), result_(result), where_(result.file + ": node '" + result.name + "'") {}

  void read() {
    const OnnxNodeMessage& node = *placed_.node;
    const bool quantized = is_quantized_lstm(node);
    result_.inputs = node.inputs;
    result_.outputs = node.outputs;
    result_.reasons.resize(std::min(node.inputs.size(), kInputs.size()));
    check_count(quantized);
    result_.inputs.resize(std::min(node.inputs.size(), kInputs.size()));
    result_.op = parse_onnx_operator(node, placed_.kind, where_);
    OnnxConstants& held = result_.constants;
    const std::array places{&held.kernel, &held.recurrent_kernel, &held.bias};
    for (const std::size_t k : kWeights) *places[k - 1] = constant(k);
    held.peepholes = constant(kPeepholes);
    held.lengths = constant(kLengths);
    if (quantized) dequantize();
    if (held.kernel && held.recurrent_kernel) {
      check_weights();
    }
    held.initial_h = state(kLengths + 1);
    held.initial_c = state(kLengths + 2);
  }

 private:
  void check_count(bool quantized) const {
    const std::size_t count = placed_.node->inputs.size();
    const std::size_t least = quantized ? kQuantizedLstmInputs : 3;
    const std::size_t most = quantized ? kQuantizedLstmInputs : placed_.kind == CellKind::lstm ? 8 : 6;
    if (count >= least && count <= most) return;
    const std::string expected = quantized ? std::to_string(most) : "from 3 to " + std::to_string(most);
    throw ValueError(where_ + ": inputs", std::to_string(count), expected);
  }

  bool has(std::size_t k) const { return k < result_.inputs.size() && !result_.inputs[k].empty(); }

  /// Runs `read` on the value of input `k`. Where the value is not known, keeps the reason.
  template <typename Read>
  std::optional<Tensor> constant(std::size_t k, const Read& read) {
    if (!has(k)) return std::nullopt;
    const std::string& name = result_.inputs[k];
    FoldedValue& value = folder_.value(*placed_.scope, name);
    try {
      return read(value, name);
    } catch (const Unfoldable& unfoldable) {
      const std::string reason = value.is_unknown() ? value.reason : "the model computes " + unfoldable.text;
      result_.reasons[k] = "'" + name + "', which " + reason;
    } catch (const ValueError& error) {
      throw ValueError(where_ + ": " + kInputs[k] + ": " + error.what());
    }
    return std::nullopt;
  }

  std::optional<Tensor> constant(std::size_t k) {
    return constant(k, [&](FoldedValue& value, const std::string& name) { return folder_.tensor(value, name); });
  }

  std::int64_t H() const {
    if (result_.op.hidden_size > 0) return result_.op.hidden_size;
    const std::optional<Tensor>& R = result_.constants.recurrent_kernel;
    if (R && R->rank() == 3) return R->size(2);
    throw Unfoldable{"for an unknown number of units"};
  }

  /// A state that is one number everywhere, or the same for each row, has one row: how many there are only a run tells.
  std::optional<Tensor> state(std::size_t k) {
    return constant(k, [&](FoldedValue& value, const std::string& name) {
      if (value.is_unknown() || value.is_tensor()) return folder_.tensor(value, name);
      const std::int64_t D = direction_count(result_.op.direction);
      const Shape shape = result_.op.batch_major ? Shape{1, D, H()} : Shape{D, 1, H()};
      if (!value.fill && (value.mask || value.elements->rank() != shape.rank())) {
        throw Unfoldable{"from '" + name + "', which depends on the inputs of the graph"};
      }
      return value.elements->broadcast_to(shape).contiguous();
    });
  }

  void dequantize() {
    const auto input = [&](std::size_t k) {
      const std::string& name = placed_.node->inputs[k];
      try {
        return folder_.tensor(folder_.value(*placed_.scope, name), name);
      } catch (const Unfoldable& unfoldable) {
        throw ValueError(where_ + ": " + name, "a number that the model computes " + unfoldable.text, "a constant");
      }
    };
    OnnxConstants& held = result_.constants;
    if (!held.kernel || !held.recurrent_kernel) return;
    try {
      held.kernel = dequantized_rows(*held.kernel, input(8), input(9));
      held.recurrent_kernel = dequantized_rows(*held.recurrent_kernel, input(10), input(11));
    } catch (const ValueError& error) {
      throw ValueError(where_ + ": " + error.what());
    }
  }

  void check_weights() const {
    const OnnxConstants& held = result_.constants;
    try {
      check_onnx_weights(result_.op, {*held.kernel, *held.recurrent_kernel, held.bias, held.peepholes});
    } catch (const ValueError& error) {
      throw ValueError(where_ + ": " + error.what());
    }
  }

  const OnnxPlacedNode& placed_;
  Folder& folder_;
  OnnxNode& result_;
  std::string where_;
};

}  // namespace

OnnxNode read_node(const OnnxPlacedNode& placed, Folder& folder, const std::string& file) {
  const OnnxNodeMessage& node = *placed.node;
  OnnxNode result{.name = placed.scope->path + name_of(node), .file = file, .op = {.kind = placed.kind}};
  result.op_type = is_standard_onnx(node.domain) ? node.op_type : node.domain + "." + node.op_type;
  try {
    NodeReader(placed, folder, result).read();
  } catch (const ValueError& error) {
    result.error = error.what();
  }
  return result;
}

OnnxWeights OnnxNode::weights() const {
  if (!error.empty()) throw ValueError(error);
  const std::string where = file + ": node '" + name + "'";
  const auto check = [&](std::size_t k, const std::optional<Tensor>& held) {
    if (held || k >= inputs.size() || inputs[k].empty()) return;
    const bool is_told = k < reasons.size() && !reasons[k].empty();
    throw ValueError(where + ": " + kInputs[k], is_told ? reasons[k] : "'" + inputs[k] + "', which is computed",
                     "an initializer, or what follows from initializers before the model runs");
  };
  check(1, constants.kernel);
  check(2, constants.recurrent_kernel);
  check(3, constants.bias);
  check(kPeepholes, constants.peepholes);
  if (!constants.kernel || !constants.recurrent_kernel) {
    throw ValueError(where, "a node without W and R", "both, as inputs of the node");
  }
  return {*constants.kernel, *constants.recurrent_kernel, constants.bias, constants.peepholes};
}

}  // namespace rondo
