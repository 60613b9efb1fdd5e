#include "formats/containers/hdf5_group.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "formats/containers/hdf5_values.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr const char* kReadable = "an HDF5 file that can be read";

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

// HDF5 copies an image twice unless it is lent the memory. With these functions its copies are the image itself, which
// is the `data` of them all. A file that is only read never grows.
void* lend_image(std::size_t, H5FD_file_image_op_t, void* data) { return data; }
void* copy_nothing(void* to, const void*, std::size_t, H5FD_file_image_op_t, void*) { return to; }
void* refuse_to_grow(void*, std::size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t free_nothing(void*, H5FD_file_image_op_t, void*) { return 0; }
void* same_data(void* data) { return data; }
herr_t free_no_data(void*) { return 0; }

/// The memory of a file, which HDF5 reads as long as a group is open; without one, HDF5 has opened the file itself.
struct HdfImage {
  std::shared_ptr<Storage> storage = nullptr;
  HdfTensors tensors = HdfTensors::copies;
};

/// A group that HDF5 has opened.
class HdfSource final : public GroupSource {
 public:
  HdfSource(HdfHandle handle, HdfImage image) : image_(std::move(image)), handle_(std::move(handle)) {}

  std::vector<std::string> names(const std::string& where) const override {
    std::vector<std::string> names;
    check_hdf(H5Literate(handle_.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names), where,
              "a broken group", kReadable);
    return names;
  }

  bool contains(const std::string& name, const std::string& where) const override {
    const htri_t exists = H5Lexists(handle_.get(), name.c_str(), H5P_DEFAULT);
    if (exists <= 0) return false;
    H5L_info_t link;
    check_hdf(H5Lget_info(handle_.get(), name.c_str(), &link, H5P_DEFAULT), where, "a broken link", kReadable);
    if (link.type != H5L_TYPE_HARD) throw ValueError(where, "a link to elsewhere", "an object of this file");
    return true;
  }

  MemberKind kind(const std::string& name, const std::string& where) const override {
    if (!contains(name, where)) return MemberKind::none;
    return H5Iget_type(open(name, where).get()) == H5I_GROUP ? MemberKind::group : MemberKind::array;
  }

  std::shared_ptr<const GroupSource> group(const std::string& name, const std::string& where) const override {
    return std::make_shared<HdfSource>(open(name, where), image_);
  }

  Tensor tensor(const std::string& name, const std::string& where) const override {
    return read_hdf_tensor(open_dataset(name, where), where,
                           image_.tensors == HdfTensors::views ? image_.storage : nullptr);
  }

  bool is_integer(const std::string& name, const std::string& where) const override {
    return is_hdf_integer(open_dataset(name, where), where);
  }

  std::optional<std::vector<std::string>> strings(const std::string& attribute,
                                                  const std::string& where) const override {
    return read_hdf_strings(handle_, attribute, where);
  }

 private:
  HdfHandle open(const std::string& name, const std::string& where) const {
    return {H5Oopen(handle_.get(), name.c_str(), H5P_DEFAULT), H5Oclose, where, "a broken object", kReadable};
  }

  /// Opens what may also be a named type, the third kind of object that HDF5 has.
  HdfHandle open_dataset(const std::string& name, const std::string& where) const {
    HdfHandle object = open(name, where);
    if (H5Iget_type(object.get()) != H5I_DATASET) throw ValueError(where, "an object of another kind", "a dataset");
    return object;
  }

  HdfImage image_;  // which the handle needs
  HdfHandle handle_;
};

std::shared_ptr<const GroupSource> root_of(const HdfHandle& file, const std::string& name, HdfImage image) {
  HdfHandle root(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose, name, "no root group", kReadable);
  return std::make_shared<HdfSource>(std::move(root), std::move(image));
}

}  // namespace

std::shared_ptr<const GroupSource> open_hdf_source(const std::filesystem::path& path) {
  const std::string name = path.string();
  const HdfHandle file(H5Fopen(name.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, name, "a broken HDF5 file",
                       kReadable);
  return root_of(file, name, {});
}

ArrayGroup open_hdf(const std::filesystem::path& path) { return {open_hdf_source(path), path.string()}; }

ArrayGroup open_hdf_image(const std::shared_ptr<Storage>& storage, const std::string& file, HdfTensors tensors) {
  constexpr std::size_t kIncrement = 1 << 16;
  void* const image = storage->data();
  H5FD_file_image_callbacks_t lent{lend_image, copy_nothing, refuse_to_grow, free_nothing,
                                   same_data,  free_no_data, image};
  const HdfHandle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, file, "a failure of HDF5", kReadable);
  check_hdf(H5Pset_fapl_core(access.get(), kIncrement, false), file, "a failure of HDF5", kReadable);
  check_hdf(H5Pset_file_image_callbacks(access.get(), &lent), file, "a failure of HDF5", kReadable);
  check_hdf(H5Pset_file_image(access.get(), image, storage->bytes()), file, "an empty HDF5 file", kReadable);
  const HdfHandle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, file, "a broken HDF5 file",
                         kReadable);
  return {root_of(opened, file, {.storage = storage, .tensors = tensors}), file};
}

}  // namespace rondo
