/// Reads any text as a Keras model: a configuration, and behind a line of "--" the groups, attributes and datasets of
/// its weights, a line each: "layers/lstm/cell/vars/0 3,8", "path 4 int", "path @name=value,value". Each layer is
/// described and made. Refused with `ValueError`, with no other outcome.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/keras/keras_contents.h"
#include "formats/keras/keras_shards.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::int64_t kLargest = 64;  // of an axis: the fuzzer is after the reader, not after memory

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// A group in memory.
class MemoryGroup final : public GroupSource {
 public:
  std::vector<std::string> names(const std::string&) const override {
    std::vector<std::string> names;
    for (const auto& [name, member] : members_) names.push_back(name);
    return names;
  }
  bool contains(const std::string& name, const std::string&) const override { return members_.count(name) != 0; }
  MemberKind kind(const std::string& name, const std::string&) const override {
    const auto found = members_.find(name);
    if (found == members_.end()) return MemberKind::none;
    return found->second.array.defined() ? MemberKind::array : MemberKind::group;
  }
  std::shared_ptr<const GroupSource> group(const std::string& name, const std::string&) const override {
    return members_.at(name).group;
  }
  Tensor tensor(const std::string& name, const std::string&) const override { return members_.at(name).array; }
  bool is_integer(const std::string& name, const std::string&) const override {
    return !is_floating(members_.at(name).array.dtype());
  }
  std::optional<std::vector<std::string>> strings(const std::string& attribute, const std::string&) const override {
    const auto found = attributes_.find(attribute);
    if (found == attributes_.end()) return std::nullopt;
    return found->second;
  }

  /// The group at a path, made where it is missing; null below an array.
  MemoryGroup* at(const std::vector<std::string>& path) {
    MemoryGroup* group = this;
    for (const std::string& name : path) {
      if (name.empty() || name == ".") return nullptr;
      Member& member = group->members_[name];
      if (member.array.defined()) return nullptr;
      if (member.group == nullptr) member.group = std::make_shared<MemoryGroup>();
      group = member.group.get();
    }
    return group;
  }
  void add_array(const std::string& name, Tensor array) {
    if (!name.empty() && name != "." && members_.count(name) == 0) members_[name].array = std::move(array);
  }
  void add_strings(const std::string& name, std::vector<std::string> values) { attributes_[name] = std::move(values); }

 private:
  struct Member {
    std::shared_ptr<MemoryGroup> group;
    Tensor array;
  };

  std::map<std::string, Member> members_;
  std::map<std::string, std::vector<std::string>> attributes_;
};

Tensor array_of(const std::string& sizes, bool is_integer) {
  Shape shape;
  for (const std::string& size : split(sizes, ',')) {
    if (shape.rank() == kMaxRank) break;
    shape = shape.insert(shape.rank(), size.empty() ? 0 : static_cast<unsigned char>(size[0]) % kLargest);
  }
  if (shape.numel() > kLargest * kLargest) shape = Shape{1};
  return Tensor::zeros(shape, is_integer ? DType::i32 : DType::f32);
}

void add_line(MemoryGroup& root, const std::string& line) {
  const std::size_t space = line.find(' ');
  if (space == std::string::npos) return;
  std::vector<std::string> path = split(line.substr(0, space), '/');
  const std::string rest = line.substr(space + 1);
  if (rest.starts_with("@")) {
    const std::size_t equals = rest.find('=');
    MemoryGroup* const group = root.at(path);
    if (group == nullptr || equals == std::string::npos) return;
    group->add_strings(rest.substr(1, equals - 1), split(rest.substr(equals + 1), ','));
  } else if (!path.empty()) {
    const std::string name = path.back();
    path.pop_back();
    if (MemoryGroup* const group = root.at(path)) group->add_array(name, array_of(rest, rest.ends_with("int")));
  }
}

void make_all(const std::vector<KerasLayer>& layers) {
  for (const KerasLayer& layer : layers) {
    try {
      static_cast<void>(make_recurrent(layer));
    } catch (const ValueError&) {  // the documented refusal
    }
    make_all(layer.layers);
    make_all(layer.wrapped);
  }
}

template <typename Read>
void read(const Read& read_model) {
  try {
    const KerasModel model = read_model();
    static_cast<void>(describe(model));
    make_all(model.layers);
  } catch (const ValueError&) {  // the documented refusal
  }
}

}  // namespace
}  // namespace rondo

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rondo;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find("\n--\n");
  const std::string configuration = text.substr(0, end);
  auto root = std::make_shared<MemoryGroup>();
  if (end != std::string::npos) {
    for (const std::string& line : split(text.substr(end + 4), '\n')) add_line(*root, line);
  }
  KerasRegistry registry;
  registry.add("mine>Layer", "LSTM").add("mine>Cell", "GRUCell").add("mine>Both", "Bidirectional");
  // One way of reading for each input, because a way costs milliseconds: inputs of five sizes take all ways.
  const std::size_t way = size % 5;
  if (way < 3) {
    constexpr const char* kVersions[] = {"2.0.8", "2.15.0", "3.15.1"};
    const std::string metadata = R"({"keras_version": ")" + std::string(kVersions[way]) + "\"}";
    const KerasArchive archive{.file = "fuzzed", .configuration = configuration, .metadata = metadata};
    read([&] { return read_keras_archive(archive, ArrayGroup(root, "fuzzed"), registry); });
  } else if (way == 3) {
    read([&] { return read_keras_files({"fuzzed", configuration}, ArrayGroup(root, "weights"), registry); });
  } else {
    root->add_strings("model_config", {configuration});
    read([&] { return read_keras_tree(ArrayGroup(root, "fuzzed")); });
  }
  try {
    static_cast<void>(parse_keras_index(configuration, "fuzzed"));
  } catch (const ValueError&) {  // the documented refusal
  }
  return 0;
}
