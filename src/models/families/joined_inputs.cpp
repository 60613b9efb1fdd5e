#include "models/families/joined_inputs.h"

#include <algorithm>

namespace rondo {

std::vector<int> joined_inputs(const CallSite& site, int least, int most) {
  const std::vector<int>& places = site.inputs().tensors;
  const auto count = static_cast<int>(places.size());
  if (count < least || count > most || std::find(places.begin(), places.end(), -1) != places.end()) {
    site.refuse("inputs", std::to_string(count) + " tensors",
                least == most ? std::to_string(least) : std::to_string(least) + " or more, none of them None");
  }
  const TensorNote& first = site.tensors()[static_cast<std::size_t>(places[0])];
  for (const int place : places) {
    const TensorNote& other = site.tensors()[static_cast<std::size_t>(place)];
    if (other.dtype != first.dtype) site.refuse("inputs", note_text(other), "the dtype of " + note_text(first));
    if (other.shape.rank() == 0) site.refuse("inputs", note_text(other), "a batch");
  }
  return places;
}

Shape broadcast_notes(const CallSite& site, const Shape& a, const Shape& b) {
  Shape result = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  for (int k = 1; k <= shorter.rank(); ++k) {
    const std::int64_t one = result[-k];
    const std::int64_t other = shorter[-k];
    if (one == 1 || (one == kUnknownSize && other > 1)) {
      result[-k] = other;
    } else if (other != 1 && !sizes_agree(one, other)) {
      site.refuse("inputs", note_text(TensorNote{b}), "sizes that broadcast with " + note_text(TensorNote{a}));
    }
  }
  return result;
}

bool flag_argument(const CallSite& site, const char* name) {
  const CallArgument* argument = site.find(name);
  if (argument == nullptr) return false;
  if (!argument->constant.is_boolean()) site.refuse(name, "no boolean", "true or false");
  return argument->constant.get<bool>();
}

}  // namespace rondo
