#include "formats/keras/keras_left_out.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "formats/containers/input_file.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr int kDeepest = 32;  // groups may contain themselves

enum class Kind { training, random };

struct LeftOut {
  std::string_view group;
  Kind kind;
};

/// All groups that are left out. A class of layers may have any of these names, so the name alone is not enough: the
/// state of training is an attribute of an object, and the state of a generator is whole numbers.
constexpr std::array<LeftOut, 5> kLeftOut{{{"optimizer", Kind::training},
                                           {"optimizer_weights", Kind::training},  // in legacy files
                                           {"metrics", Kind::training},            // Keras 2
                                           {"seed_generator", Kind::random},
                                           {"_random_generator", Kind::random}}};  // Keras 2

/// In a tree every object has a group `vars`. A list of objects, which names its members by class, has none.
bool is_object(const ArrayGroup& group) { return group.is_root() || group.contains("vars"); }

bool holds_only_integers(const ArrayGroup& group, int depth) {
  if (depth == kDeepest) return false;
  const std::vector<ArrayChild> children = group.children();
  return std::all_of(children.begin(), children.end(), [&](const ArrayChild& child) {
    return child.is_group ? holds_only_integers(group.group(child.name), depth + 1) : group.is_integer(child.name);
  });
}

void list_unread(const ArrayGroup& group, int depth, std::vector<std::string>& unread) {
  if (depth == kDeepest) throw ValueError(group.where(), "groups nested deeper", "at most " + std::to_string(kDeepest));
  for (const ArrayChild& child : group.children()) {
    if (!child.is_group) {
      if (!group.has_read(child.name)) unread.push_back(group.path(child.name));
    } else if (!is_no_weight(group, child.name)) {
      list_unread(group.group(child.name), depth + 1, unread);
    }
  }
}

}  // namespace

bool is_no_weight(const ArrayGroup& parent, const std::string& name) {
  const auto* const known =
      std::find_if(kLeftOut.begin(), kLeftOut.end(), [&](const LeftOut& one) { return one.group == name; });
  if (known == kLeftOut.end()) return false;
  return known->kind == Kind::training ? is_object(parent) : holds_only_integers(parent.group(name), 0);
}

void refuse_unread(const ArrayGroup& root) {
  std::vector<std::string> unread;
  list_unread(root, 0, unread);
  if (unread.empty()) return;
  std::vector<std::string> groups;
  groups.reserve(kLeftOut.size());
  for (const LeftOut& known : kLeftOut) groups.emplace_back(known.group);
  throw ValueError(root.file() + ": datasets", listed(unread) + ", which belong to no layer",
                   "weights of layers, or what is in groups " + listed(groups));
}

}  // namespace rondo
