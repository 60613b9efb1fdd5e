/// Groups, attributes and datasets of an HDF5 file, as Keras uses them. All calls need an HdfSession.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "formats/containers/hdf5_library.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

struct HdfChild {
  std::string name;
  bool is_group = false;
};

/// A group of a file; the file stays open as long as any of its groups lives. All members throw `ValueError` naming the
/// file and the path inside when HDF5 fails, an object is missing, or an object is of another kind than asked for.
/// Links that are not hard, and datasets whose bytes are in another file, are refused, because an untrusted file must
/// not choose which files its reader opens.
class HdfGroup {
 public:
  /// The root of a file.
  static HdfGroup open(const std::filesystem::path& path);
  /// The root of a file in memory, which is copied; messages call the file `file`.
  static HdfGroup open_image(std::span<const std::byte> bytes, const std::string& file);

  const std::string& file() const { return file_; }
  /// A place for messages: "file: path" or "file: path/name".
  std::string where(const std::string& name = {}) const;
  /// The path from the file's root: "path" or "path/name".
  std::string path(const std::string& name = {}) const;
  bool is_root() const { return path_.empty(); }

  bool contains(const std::string& path) const;
  /// The members, sorted by name; a number at the end of a name sorts as a number. Throws after 131072 calls for one
  /// file, because groups may contain each other, so that a walk may have no end.
  std::vector<HdfChild> children() const;
  HdfGroup group(const std::string& path) const;
  /// Reads a dataset of f64, f32, f16, bf16 (also by Keras's attribute), i64 or i32.
  Tensor tensor(const std::string& path) const;
  /// Whether the elements of a dataset are whole numbers, with or without a sign.
  bool is_integer(const std::string& path) const;
  /// Whether `tensor` has read this dataset, through this group or another group of the file.
  bool has_read(const std::string& path) const;

  /// The strings of an attribute, of fixed or variable length, or of its parts `name0`, `name1`, ..., into which Keras
  /// splits a long list. No value if there is no such attribute.
  std::optional<std::vector<std::string>> strings(const std::string& attribute) const;
  /// The string of an attribute of one string. No value if there is no such attribute.
  std::optional<std::string> string(const std::string& attribute) const;

 private:
  /// The requests to a file, shared by all of its groups.
  struct Record {
    std::set<std::string> read;  ///< paths of datasets
    int listings = 0;            ///< calls of children()
  };

  HdfGroup(HdfHandle handle, std::string file, std::string path, std::shared_ptr<Record> record);
  HdfHandle open_object(const std::string& path, H5I_type_t type, const char* kind) const;

  HdfHandle handle_;
  std::string file_;
  std::string path_;
  std::shared_ptr<Record> record_;
};

}  // namespace rondo
