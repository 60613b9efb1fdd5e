/// The graphs of an ONNX model with what each of them sees: the main graph, bodies of If, Loop and Scan, and functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "formats/onnx/message/onnx_message.h"

namespace rondo {

/// Where the value of a name comes from.
struct OnnxProducer {
  enum class Kind : std::uint8_t {
    none,         ///< nothing in the model makes it
    initializer,  ///< `tensor`
    node,         ///< output `index` of `node`
    input,        ///< an input of the main graph or of a body
    argument,     ///< input `index` of the call of a function
    several       ///< more than one node makes it, which ONNX forbids
  };

  Kind kind = Kind::none;
  const OnnxTensorMessage* tensor = nullptr;
  const OnnxNodeMessage* node = nullptr;
  std::size_t index = 0;
};

/// One graph, or one call of a function.
struct OnnxScope {
  std::string path = {};        ///< before the names of its nodes: "" or "loop/body/"
  OnnxScope* outer = nullptr;   ///< for a body: the graph whose names it sees as well
  OnnxScope* caller = nullptr;  ///< for a function: where it is called
  const OnnxNodeMessage* call = nullptr;
  int depth = 0;
  std::vector<const OnnxNodeMessage*> nodes = {};
  std::unordered_map<std::string, OnnxProducer> producers = {};
  std::unordered_map<std::string, int> ranks = {};  ///< of names for which the model says it
  std::vector<std::string> outputs = {};

  std::deque<OnnxNodeMessage> bound = {};         ///< copies of nodes that refer to attributes of the call
  const OnnxFunctionMessage* function = nullptr;  ///< the function that this scope or an outer one is a call of
  const OnnxScope* bindings = nullptr;            ///< the scope of that call
};

/// A name where it is made.
struct OnnxPlace {
  OnnxScope* scope = nullptr;
  std::string name = {};
  OnnxProducer producer = {};
};

/// Makes scopes when they are asked for, each once. Throws `ValueError` for graphs or calls inside of each other
/// without an end, and for a model with very many of them, or with very many nodes in all calls together, which a small
/// file can have. Uses the messages of the model, which must outlive it.
class OnnxScopes {
 public:
  OnnxScopes(const OnnxModelMessage& model, std::string file);

  const std::string& file() const { return file_; }
  OnnxScope& main() { return *main_; }
  /// Graph number `index` of `attribute` of a node.
  OnnxScope& body(OnnxScope& scope, const OnnxNodeMessage& node, const OnnxAttributeMessage& attribute,
                  std::size_t index);
  /// The function that a node calls; null if it calls none.
  const OnnxFunctionMessage* callee(const OnnxNodeMessage& node) const;
  /// The call of a function.
  OnnxScope& call(OnnxScope& scope, const OnnxNodeMessage& node);
  /// Follows a name outwards, and through the arguments of calls.
  OnnxPlace find(OnnxScope& scope, const std::string& name) const;

 private:
  OnnxScope& add(OnnxScope& parent, const std::string& name, const void* key);
  void fill(OnnxScope& scope, const OnnxGraphMessage& graph);
  void add_size(std::size_t size);
  void put_nodes(OnnxScope& scope, const std::vector<OnnxNodeMessage>& nodes);

  std::string file_;
  std::deque<OnnxScope> scopes_;
  std::map<std::pair<const OnnxScope*, const void*>, OnnxScope*> known_;
  std::unordered_map<std::string, const OnnxFunctionMessage*> functions_;
  OnnxScope* main_ = nullptr;
  std::size_t size_ = 0;  ///< of all bodies and calls: nodes, and numbers in attributes that were copied
};

/// The node's name, or else the name of its first output that has one.
std::string name_of(const OnnxNodeMessage& node);

}  // namespace rondo
