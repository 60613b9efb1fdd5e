#include "formats/containers/array_group.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Splits a name into stem and number: ("lstm", 2) for "lstm_2", ("", 10) for "10", ("lstm", -1) for "lstm".
std::pair<std::string, long> natural_key(const std::string& name) {
  constexpr std::size_t kMostDigits = 9;
  std::size_t digits = 0;
  while (digits < std::min(name.size(), kMostDigits) &&
         std::isdigit(static_cast<unsigned char>(name[name.size() - 1 - digits])) != 0) {
    ++digits;
  }
  if (digits == 0) return {name, -1};
  std::string stem = name.substr(0, name.size() - digits);
  const long number = std::stol(name.substr(stem.size()));
  if (!stem.empty() && stem.back() == '_') stem.pop_back();
  return {std::move(stem), number};
}

const char* name_of(MemberKind kind) { return kind == MemberKind::group ? "a group" : "a dataset"; }

}  // namespace

ArrayGroup::ArrayGroup(std::shared_ptr<const GroupSource> root, std::string file)
    : ArrayGroup(std::move(root), std::move(file), "", std::make_shared<Record>()) {}

ArrayGroup::ArrayGroup(std::shared_ptr<const GroupSource> source, std::string file, std::string path,
                       std::shared_ptr<Record> record)
    : source_(std::move(source)), file_(std::move(file)), path_(std::move(path)), record_(std::move(record)) {}

std::string ArrayGroup::where(const std::string& name) const { return file_ + ": " + path_ + "/" + name; }

std::string ArrayGroup::path(const std::string& name) const {
  const std::string whole = name.empty() ? path_ : path_ + "/" + name;
  return whole.empty() ? whole : whole.substr(1);
}

ArrayGroup::Member ArrayGroup::find(const std::string& path, MemberKind kind) const {
  const std::string place = where(path);
  std::shared_ptr<const GroupSource> parent = source_;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    const bool last = end == path.size();
    const MemberKind came = name.empty() || name == "." ? MemberKind::none : parent->kind(name, place);
    if (came == MemberKind::none) throw ValueError(place, "nothing", name_of(kind));
    if (came != (last ? kind : MemberKind::group)) {
      throw ValueError(place, "an object of another kind", last ? name_of(kind) : "a path of groups");
    }
    if (last) return {std::move(parent), name};
    parent = parent->group(name, place);
    begin = end + 1;
  }
}

bool ArrayGroup::contains(const std::string& path) const {
  const std::size_t slash = path.find('/');
  const std::string first = path.substr(0, slash);
  if (!source_->contains(first, where(first))) return false;
  return slash == std::string::npos || group(first).contains(path.substr(slash + 1));
}

std::vector<ArrayChild> ArrayGroup::children() const {
  constexpr int kMostListings = 1 << 17;
  if (++record_->listings > kMostListings) {
    throw ValueError(file_, "more groups than any model has", "at most " + std::to_string(kMostListings) + " to list");
  }
  std::vector<std::string> names = source_->names(where());
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return natural_key(a) < natural_key(b); });
  std::vector<ArrayChild> children;
  for (const std::string& name : names) {
    const MemberKind kind = source_->kind(name, where(name));
    if (kind == MemberKind::none) throw ValueError(where(name), "a broken link", "an object of this file");
    children.push_back({name, kind == MemberKind::group});
  }
  return children;
}

ArrayGroup ArrayGroup::group(const std::string& path) const {
  const Member member = find(path, MemberKind::group);
  return {member.parent->group(member.name, where(path)), file_, path_ + "/" + path, record_};
}

Tensor ArrayGroup::tensor(const std::string& path) const {
  const Member member = find(path, MemberKind::array);
  Tensor tensor = member.parent->tensor(member.name, where(path));
  record_->read.insert(this->path(path));
  return tensor;
}

bool ArrayGroup::is_integer(const std::string& path) const {
  const Member member = find(path, MemberKind::array);
  return member.parent->is_integer(member.name, where(path));
}

bool ArrayGroup::has_read(const std::string& path) const { return record_->read.count(this->path(path)) != 0; }

std::optional<std::vector<std::string>> ArrayGroup::strings(const std::string& attribute) const {
  const std::string place = where() + ": attribute " + attribute;
  std::optional<std::vector<std::string>> all = source_->strings(attribute, place);
  if (all) return all;
  for (int part = 0;; ++part) {
    std::optional<std::vector<std::string>> some = source_->strings(attribute + std::to_string(part), place);
    if (!some) return all;
    if (!all) all.emplace();
    all->insert(all->end(), some->begin(), some->end());
  }
}

std::optional<std::string> ArrayGroup::string(const std::string& attribute) const {
  const std::string place = where() + ": attribute " + attribute;
  std::optional<std::vector<std::string>> all = source_->strings(attribute, place);
  if (!all) return std::nullopt;
  if (all->size() != 1) throw ValueError(place, std::to_string(all->size()) + " strings", "one");
  return std::move(all->front());
}

}  // namespace rondo
