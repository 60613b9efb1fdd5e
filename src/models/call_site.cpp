#include "models/call_site.h"

#include <algorithm>
#include <utility>

#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

Tensor MaskRoute::of(std::span<const MaskedTensor> tensors) const {
  if (kind == Kind::none) return {};
  const MaskedTensor& source = tensors[static_cast<std::size_t>(tensor)];
  return kind == Kind::carried ? source.mask : source.value.to(DType::boolean);
}

std::optional<Shape> MaskRoute::shape(std::span<const TensorNote> tensors) const {
  if (kind == Kind::none) return std::nullopt;
  const TensorNote& source = tensors[static_cast<std::size_t>(tensor)];
  return kind == Kind::carried ? source.mask : source.shape;
}

CallSite::CallSite(std::string where, const KerasOrigin& origin, std::vector<CallArgument> arguments,
                   std::vector<TensorNote> tensors)
    : where_(std::move(where)), origin_(origin), arguments_(std::move(arguments)), tensors_(std::move(tensors)) {
  if (arguments_.empty() || arguments_.front().tensors.empty()) refuse("inputs", "none", "at least one tensor");
}

const CallArgument* CallSite::find(const std::string& name) const {
  for (const CallArgument& argument : arguments_) {
    if (argument.name != name) continue;
    return argument.tensors.empty() && argument.constant.is_null() ? nullptr : &argument;
  }
  return nullptr;
}

void CallSite::refuse(const std::string& argument, const std::string& came, const std::string& expected) const {
  throw ValueError(where_ + ": " + argument, came, expected);
}

const TensorNote& CallSite::input() const {
  const std::vector<int>& first = inputs().tensors;
  if (first.size() != 1 || first[0] < 0) refuse("inputs", std::to_string(first.size()) + " tensors", "one");
  return tensors_[static_cast<std::size_t>(first[0])];
}

const TensorNote& CallSite::input(int least, int most) const {
  const TensorNote& note = input();
  const int rank = note.shape.rank();
  if (rank >= least && rank <= most) return note;
  std::string expected = "a rank of " + std::to_string(least);
  if (most == kMaxRank) expected += " or more";
  if (most != least && most != kMaxRank) expected += " to " + std::to_string(most);
  refuse("inputs", note_text(note), expected);
}

void CallSite::allow(std::initializer_list<const char*> names) const {
  for (std::size_t k = 1; k < arguments_.size(); ++k) {
    const CallArgument& argument = arguments_[k];
    if (argument.tensors.empty() && (argument.constant.is_null() || argument.constant == false)) continue;
    const bool known = std::any_of(names.begin(), names.end(), [&](const char* name) { return argument.name == name; });
    if (known) continue;
    if (argument.name == "training") refuse("training", shown(argument.constant), "false, as a Model does not train");
    refuse(argument.name, argument.tensors.empty() ? shown(argument.constant) : "a tensor", "no such argument");
  }
}

std::vector<MaskRoute> CallSite::carried_masks() const {
  std::vector<MaskRoute> routes;
  for (const int tensor : inputs().tensors) {
    const bool masked = tensor >= 0 && tensors_[static_cast<std::size_t>(tensor)].mask;
    routes.push_back(masked ? MaskRoute{MaskRoute::Kind::carried, tensor} : MaskRoute{});
  }
  return routes;
}

std::vector<MaskRoute> CallSite::given_masks(const CallArgument& mask) const {
  if (mask.tensors.size() > inputs().tensors.size()) {
    refuse("mask", std::to_string(mask.tensors.size()) + " tensors", "one for each input");
  }
  std::vector<MaskRoute> routes(inputs().tensors.size());
  for (std::size_t k = 0; k < mask.tensors.size(); ++k) {
    if (mask.tensors[k] >= 0) routes[k] = {MaskRoute::Kind::given, mask.tensors[k]};
  }
  return routes;
}

std::vector<MaskRoute> CallSite::call_masks() const {
  const CallArgument* mask = find("mask");
  if (mask != nullptr && !mask->tensors.empty()) return given_masks(*mask);
  const auto with_tensors = std::count_if(arguments_.begin(), arguments_.end(),
                                          [](const CallArgument& argument) { return !argument.tensors.empty(); });
  if (is_keras3() && with_tensors > 1) return std::vector<MaskRoute>(inputs().tensors.size());
  return carried_masks();
}

std::vector<MaskRoute> CallSite::previous_masks() const {
  const CallArgument* mask = find("mask");
  if (mask != nullptr && !mask->tensors.empty()) return given_masks(*mask);
  return carried_masks();
}

}  // namespace rondo
