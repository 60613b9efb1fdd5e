#include "stream_node.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo::ort {
namespace {

constexpr std::string_view kSuffix = "Stream";
constexpr std::int64_t kMostSlots = std::int64_t{1} << 24;
constexpr double kLongestIdle = 1e9;

/// The attributes of the node itself; others stay in the message.
class OwnAttributes {
 public:
  OwnAttributes(OnnxNodeMessage& message, std::string where) : message_(message), where_(std::move(where)) {}

  std::int64_t size(const std::string& name, std::int64_t fallback, std::int64_t most) {
    const auto attribute = take(name);
    if (!attribute) return fallback;
    if (attribute->i && *attribute->i >= 1 && *attribute->i <= most) return *attribute->i;
    const std::string came = attribute->i ? std::to_string(*attribute->i) : "another type";
    throw ValueError(place(name), came, "an integer from 1 to " + std::to_string(most));
  }

  std::chrono::nanoseconds seconds(const std::string& name) {
    const auto attribute = take(name);
    if (!attribute) return {};
    const double given = attribute->f ? double{*attribute->f} : std::numeric_limits<double>::quiet_NaN();
    if (!(given >= 0 && given <= kLongestIdle)) {
      throw ValueError(place(name), attribute->f ? std::to_string(given) : "another type", "a float from 0 to 1e9");
    }
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(given));
  }

 private:
  std::string place(const std::string& name) const { return where_ + "attribute '" + name + "'"; }

  std::optional<OnnxAttributeMessage> take(const std::string& name) {
    auto& all = message_.attributes;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.name == name; });
    if (found == all.end()) return std::nullopt;
    OnnxAttributeMessage taken = std::move(*found);
    all.erase(found);
    return taken;
  }

  OnnxNodeMessage& message_;
  const std::string where_;
};

/// The node as one of LSTM, GRU or RNN, which reads X W R B.
void make_plain(GraphNode& node) {
  OnnxNodeMessage& message = node.message;
  if (!message.op_type.ends_with(kSuffix)) {
    throw ValueError("operator", "rondo::" + message.op_type, "LSTMStream, GRUStream or RNNStream");
  }
  message.op_type.resize(message.op_type.size() - kSuffix.size());
  message.domain.clear();
  message.inputs.resize(std::min(message.inputs.size(), std::size_t{4}));
  message.outputs.resize(std::min(message.outputs.size(), std::size_t{2}));
}

}  // namespace

StreamNode read_stream_node(const GraphNode& node) {
  GraphNode plain = node;
  const std::string where = "node '" + node.name + "': ";
  OwnAttributes attributes(plain.message, where);
  StreamNode result;
  result.slots = attributes.size("slots", result.slots, kMostSlots);
  result.rows = attributes.size("rows", std::min(result.rows, result.slots), result.slots);
  result.idle = attributes.seconds("idle_seconds");
  make_plain(plain);
  const OnnxNode recurrent = recurrent_node(plain);
  result.network = onnx_network(std::span(&recurrent, 1));
  result.batch_major = recurrent.op.batch_major;
  return result;
}

}  // namespace rondo::ort
