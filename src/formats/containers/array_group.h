/// Groups, attributes and arrays of a tree such as an HDF5 file's, as Keras uses them, whoever reads the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo {

enum class MemberKind : std::uint8_t { none, group, array };

/// One group, as a reader of files gives it. A `name` has no slash and is neither empty nor "."; `where` is the place
/// for messages. All members throw `ValueError` naming `where` for what is broken, and refuse what would make the
/// reader open another file.
class GroupSource {
 public:
  GroupSource() = default;
  GroupSource(const GroupSource&) = delete;
  GroupSource& operator=(const GroupSource&) = delete;
  virtual ~GroupSource() = default;

  /// The names of the members, in any order.
  virtual std::vector<std::string> names(const std::string& where) const = 0;
  /// Whether there is a member of this name; its object may be broken.
  virtual bool contains(const std::string& name, const std::string& where) const = 0;
  /// What a member is; `none` where there is none.
  virtual MemberKind kind(const std::string& name, const std::string& where) const = 0;
  /// A member that is a group.
  virtual std::shared_ptr<const GroupSource> group(const std::string& name, const std::string& where) const = 0;
  /// The elements of a member that is an array of f64, f32, f16, bf16 (also by Keras's attribute), or of whole numbers
  /// that i64 has: u8, i32, or i64 where neither has them.
  virtual Tensor tensor(const std::string& name, const std::string& where) const = 0;
  /// Whether the elements of an array are whole numbers, with or without a sign.
  virtual bool is_integer(const std::string& name, const std::string& where) const = 0;
  /// The strings of an attribute of one string or a list of them. No value if there is no such attribute.
  virtual std::optional<std::vector<std::string>> strings(const std::string& attribute,
                                                          const std::string& where) const = 0;
};

struct ArrayChild {
  std::string name;
  bool is_group = false;
};

/// A group of a file; its source lives as long as any of the file's groups. All members throw `ValueError` naming the
/// file and the path inside when an object is broken, is missing, or is of another kind than asked for.
class ArrayGroup {
 public:
  /// The root of a file, which messages call `file`.
  ArrayGroup(std::shared_ptr<const GroupSource> root, std::string file);

  const std::string& file() const { return file_; }
  /// A place for messages: "file: path" or "file: path/name".
  std::string where(const std::string& name = {}) const;
  /// The path from the file's root: "path" or "path/name".
  std::string path(const std::string& name = {}) const;
  bool is_root() const { return path_.empty(); }

  bool contains(const std::string& path) const;
  /// The members, sorted by name; a number at the end of a name sorts as a number. Throws after 131072 calls for one
  /// file, because groups may contain each other, so that a walk may have no end.
  std::vector<ArrayChild> children() const;
  ArrayGroup group(const std::string& path) const;
  /// Reads an array.
  Tensor tensor(const std::string& path) const;
  /// Whether the elements of an array are whole numbers, with or without a sign.
  bool is_integer(const std::string& path) const;
  /// Whether `tensor` has read this array, through this group or another group of the file.
  bool has_read(const std::string& path) const;

  /// The strings of an attribute, or of its parts `name0`, `name1`, ..., into which Keras splits a long list. No value
  /// if there is no such attribute.
  std::optional<std::vector<std::string>> strings(const std::string& attribute) const;
  /// The string of an attribute of one string. No value if there is no such attribute.
  std::optional<std::string> string(const std::string& attribute) const;

 private:
  /// The requests to a file, shared by all of its groups.
  struct Record {
    std::set<std::string> read;  ///< paths of arrays
    int listings = 0;            ///< calls of children()
  };
  /// A member of a group of the file.
  struct Member {
    std::shared_ptr<const GroupSource> parent;
    std::string name;
  };

  ArrayGroup(std::shared_ptr<const GroupSource> source, std::string file, std::string path,
             std::shared_ptr<Record> record);
  Member find(const std::string& path, MemberKind kind) const;

  std::shared_ptr<const GroupSource> source_;
  std::string file_;
  std::string path_;
  std::shared_ptr<Record> record_;
};

}  // namespace rondo
