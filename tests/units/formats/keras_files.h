/// Makes Keras files with one fault, from right files or from nothing.
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <string>
#include <vector>

#include "rondo/formats/keras_model.h"
#include "units/formats/scratch_files.h"
#include "units/formats/zip_files.h"

namespace rondo::test {

/// The path of a file in tests/data/keras.
std::filesystem::path keras_fixture(const std::string& name);

/// Throws the first problem of a layer, or of a layer inside it.
void throw_problem(const KerasLayer& layer);

/// Loads a file, and throws its problem, or the first one of a layer.
void load_without_problem(const std::filesystem::path& path);

/// A copy of a file of tests/data/keras in the folder of the running test.
std::filesystem::path scratch_copy(const std::string& fixture);

/// The paths of all datasets of an HDF5 file, in the order of their names.
std::vector<std::string> dataset_paths(const std::filesystem::path& path);

/// Writes to an HDF5 file. Fails the test when HDF5 refuses.
class HdfEditor {
 public:
  enum class Mode { create, change };

  HdfEditor(const std::filesystem::path& path, Mode mode);
  ~HdfEditor();
  HdfEditor(const HdfEditor&) = delete;
  HdfEditor& operator=(const HdfEditor&) = delete;

  void remove(const std::string& path);
  void move(const std::string& from, const std::string& to);
  /// Makes a group and the groups above it.
  void group(const std::string& path);
  /// Writes a dataset. `element` is the type in the file.
  void dataset(const std::string& path, const std::vector<hsize_t>& shape, const std::vector<double>& values,
               hid_t element);
  void raw_dataset(const std::string& path, const std::vector<hsize_t>& shape, const void* data, hid_t element);
  /// Writes a dataset that claims a shape and has no bytes.
  void hollow_dataset(const std::string& path, const std::vector<hsize_t>& shape);
  /// Writes a dataset that shows the dataset "x" of `source_file`.
  void virtual_dataset(const std::string& path, const std::string& source_file);
  /// Writes a dataset whose bytes are those of `source_file`.
  void raw_external_dataset(const std::string& path, const std::string& source_file);
  void soft_link(const std::string& path, const std::string& target);
  void external_link(const std::string& path, const std::string& file, const std::string& target);
  void hard_link(const std::string& path, const std::string& target);
  /// Writes a list of strings of fixed length, as h5py writes bytes.
  void strings(const std::string& path, const std::string& attribute, const std::vector<std::string>& values);
  /// Writes one string of variable length, as h5py writes str.
  void text(const std::string& path, const std::string& attribute, const std::string& value);
  void number(const std::string& path, const std::string& attribute, double value);
  void remove_attribute(const std::string& path, const std::string& attribute);

 private:
  void dataset_elsewhere(const std::string& path, hid_t creation);
  void attribute(const std::string& path, const std::string& name, hid_t type, hid_t space, const void* data);

  hid_t file_;
};

}  // namespace rondo::test
