#include "formats/containers/merged_group.h"

#include <algorithm>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class MergedSource final : public GroupSource {
 public:
  explicit MergedSource(std::vector<std::shared_ptr<const GroupSource>> parts) : parts_(std::move(parts)) {}

  std::vector<std::string> names(const std::string& where) const override {
    std::vector<std::string> all;
    for (const auto& part : parts_) {
      const std::vector<std::string> names = part->names(where);
      all.insert(all.end(), names.begin(), names.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  bool contains(const std::string& name, const std::string& where) const override {
    return std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) { return part->contains(name, where); });
  }

  MemberKind kind(const std::string& name, const std::string& where) const override {
    MemberKind kind = MemberKind::none;
    for (const auto& part : parts_) {
      const MemberKind one = part->kind(name, where);
      if (one == MemberKind::none) continue;
      if (kind == MemberKind::array || (kind == MemberKind::group && one != kind)) {
        throw ValueError(where, "a dataset that more than one file has", "each dataset in one file");
      }
      kind = one;
    }
    return kind;
  }

  std::shared_ptr<const GroupSource> group(const std::string& name, const std::string& where) const override {
    std::vector<std::shared_ptr<const GroupSource>> groups;
    for (const auto& part : parts_) {
      if (part->kind(name, where) == MemberKind::group) groups.push_back(part->group(name, where));
    }
    return std::make_shared<MergedSource>(std::move(groups));
  }

  Tensor tensor(const std::string& name, const std::string& where) const override {
    return owner(name, where).tensor(name, where);
  }

  bool is_integer(const std::string& name, const std::string& where) const override {
    return owner(name, where).is_integer(name, where);
  }

  std::optional<std::vector<std::string>> strings(const std::string& attribute,
                                                  const std::string& where) const override {
    for (const auto& part : parts_) {
      if (std::optional<std::vector<std::string>> strings = part->strings(attribute, where)) return strings;
    }
    return std::nullopt;
  }

 private:
  /// The file that has an array.
  const GroupSource& owner(const std::string& name, const std::string& where) const {
    for (const auto& part : parts_) {
      if (part->kind(name, where) == MemberKind::array) return *part;
    }
    throw ValueError(where, "nothing", "a dataset");
  }

  std::vector<std::shared_ptr<const GroupSource>> parts_;
};

}  // namespace

ArrayGroup merged_root(std::vector<std::shared_ptr<const GroupSource>> roots, const std::string& file) {
  return {std::make_shared<MergedSource>(std::move(roots)), file};
}

}  // namespace rondo
