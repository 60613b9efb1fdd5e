#include "units/formats/keras_files.h"

#include <gtest/gtest.h>

namespace rondo::test {

std::filesystem::path keras_fixture(const std::string& name) {
  return std::filesystem::path(RONDO_TEST_DATA) / "keras" / name;
}

void throw_problem(const KerasLayer& layer) {
  if (!layer.problem.empty()) throw ValueError(layer.problem);
  for (const KerasLayer& inner : layer.wrapped) throw_problem(inner);
  for (const KerasLayer& inner : layer.layers) throw_problem(inner);
}

void load_without_problem(const std::filesystem::path& path) {
  const KerasModel model = load_keras(path);
  if (!model.problem.empty()) throw ValueError(model.problem);
  for (const KerasLayer& layer : model.layers) throw_problem(layer);
}

std::filesystem::path scratch_copy(const std::string& fixture) {
  const std::filesystem::path path = scratch(std::filesystem::path(fixture).filename().string());
  std::filesystem::copy_file(keras_fixture(fixture), path, std::filesystem::copy_options::overwrite_existing);
  return path;
}

std::vector<std::string> dataset_paths(const std::filesystem::path& path) {
  std::vector<std::string> paths;
  const auto visit = [](hid_t group, const char* name, const H5L_info_t*, void* found) -> herr_t {
    const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (H5Iget_type(object) == H5I_DATASET) static_cast<std::vector<std::string>*>(found)->emplace_back(name);
    return H5Oclose(object);
  };
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  EXPECT_GE(H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, &paths), 0) << path;
  H5Fclose(file);
  return paths;
}

HdfEditor::HdfEditor(const std::filesystem::path& path, Mode mode)
    : file_(mode == Mode::create ? H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)
                                 : H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)) {
  EXPECT_GE(file_, 0) << path;
}

HdfEditor::~HdfEditor() { EXPECT_GE(H5Fclose(file_), 0); }

void HdfEditor::remove(const std::string& path) { EXPECT_GE(H5Ldelete(file_, path.c_str(), H5P_DEFAULT), 0) << path; }

void HdfEditor::move(const std::string& from, const std::string& to) {
  EXPECT_GE(H5Lmove(file_, from.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT), 0) << from;
}

void HdfEditor::group(const std::string& path) {
  const hid_t creation = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(creation, 1);
  const hid_t group = H5Gcreate2(file_, path.c_str(), creation, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(group, 0) << path;
  H5Gclose(group);
  H5Pclose(creation);
}

void HdfEditor::raw_dataset(const std::string& path, const std::vector<hsize_t>& shape, const void* data,
                            hid_t element) {
  const hid_t creation = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(creation, 1);
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t dataset = H5Dcreate2(file_, path.c_str(), element, space, creation, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(dataset, 0) << path;
  if (data != nullptr) {
    EXPECT_GE(H5Dwrite(dataset, element, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0) << path;
  }
  H5Dclose(dataset);
  H5Sclose(space);
  H5Pclose(creation);
}

void HdfEditor::dataset(const std::string& path, const std::vector<hsize_t>& shape, const std::vector<double>& values,
                        hid_t element) {
  raw_dataset(path, shape, nullptr, element);
  const hid_t dataset = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
  EXPECT_GE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << path;
  H5Dclose(dataset);
}

void HdfEditor::hollow_dataset(const std::string& path, const std::vector<hsize_t>& shape) {
  raw_dataset(path, shape, nullptr, H5T_IEEE_F32LE);
}

constexpr hsize_t kElsewhere = 16;  // elements of a dataset whose bytes are not in its file

void HdfEditor::dataset_elsewhere(const std::string& path, hid_t creation) {
  const hid_t space = H5Screate_simple(1, &kElsewhere, nullptr);
  const hid_t dataset = H5Dcreate2(file_, path.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  EXPECT_GE(dataset, 0) << path;
  H5Dclose(dataset);
  H5Sclose(space);
  H5Pclose(creation);
}

void HdfEditor::virtual_dataset(const std::string& path, const std::string& source_file) {
  const hid_t space = H5Screate_simple(1, &kElsewhere, nullptr);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  EXPECT_GE(H5Pset_virtual(creation, space, source_file.c_str(), "x", space), 0);
  H5Sclose(space);
  dataset_elsewhere(path, creation);
}

void HdfEditor::raw_external_dataset(const std::string& path, const std::string& source_file) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  EXPECT_GE(H5Pset_external(creation, source_file.c_str(), 0, kElsewhere * sizeof(float)), 0);
  dataset_elsewhere(path, creation);
}

void HdfEditor::soft_link(const std::string& path, const std::string& target) {
  EXPECT_GE(H5Lcreate_soft(target.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), 0);
}

void HdfEditor::external_link(const std::string& path, const std::string& file, const std::string& target) {
  EXPECT_GE(H5Lcreate_external(file.c_str(), target.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), 0);
}

void HdfEditor::hard_link(const std::string& path, const std::string& target) {
  EXPECT_GE(H5Lcreate_hard(file_, target.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT), 0);
}

void HdfEditor::attribute(const std::string& path, const std::string& name, hid_t type, hid_t space, const void* data) {
  if (H5Aexists_by_name(file_, path.c_str(), name.c_str(), H5P_DEFAULT) > 0) remove_attribute(path, name);
  const hid_t attribute =
      H5Acreate_by_name(file_, path.c_str(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(attribute, 0) << path << " " << name;
  EXPECT_GE(H5Awrite(attribute, type, data), 0);
  H5Aclose(attribute);
  H5Sclose(space);
}

void HdfEditor::strings(const std::string& path, const std::string& attribute_name,
                        const std::vector<std::string>& values) {
  std::size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  std::string bytes;
  for (std::string value : values) {
    value.resize(longest);
    bytes += value;
  }
  const hsize_t count = values.size();
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, longest);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  attribute(path, attribute_name, type, H5Screate_simple(1, &count, nullptr), bytes.data());
  H5Tclose(type);
}

void HdfEditor::text(const std::string& path, const std::string& attribute_name, const std::string& value) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const char* pointer = value.c_str();
  attribute(path, attribute_name, type, H5Screate(H5S_SCALAR), &pointer);
  H5Tclose(type);
}

void HdfEditor::number(const std::string& path, const std::string& attribute_name, double value) {
  attribute(path, attribute_name, H5T_NATIVE_DOUBLE, H5Screate(H5S_SCALAR), &value);
}

void HdfEditor::remove_attribute(const std::string& path, const std::string& attribute_name) {
  EXPECT_GE(H5Adelete_by_name(file_, path.c_str(), attribute_name.c_str(), H5P_DEFAULT), 0) << path;
}

}  // namespace rondo::test
