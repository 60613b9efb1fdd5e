#include "formats/keras/hdf5_writer.h"

#include "formats/containers/hdf5_library.h"

namespace rondo {
namespace {

constexpr const char* kExpected = "memory for an HDF5 file";

HdfHandle owned(hid_t id, HdfHandle::Close close, const std::string& where) {
  return {id, close, where, "a failure of HDF5", kExpected};
}

void write_dataset(hid_t file, hid_t with_groups, const NamedTensor& named, const std::string& where) {
  const Tensor tensor = named.tensor.contiguous();
  std::vector<hsize_t> sizes;
  for (const std::int64_t size : tensor.shape()) sizes.push_back(static_cast<hsize_t>(size));
  const HdfHandle space = owned(
      sizes.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
      H5Sclose, where);
  const bool is_double = tensor.dtype() == DType::f64;
  const HdfHandle dataset = owned(H5Dcreate2(file, named.name.c_str(), is_double ? H5T_IEEE_F64LE : H5T_IEEE_F32LE,
                                             space.get(), with_groups, H5P_DEFAULT, H5P_DEFAULT),
                                  H5Dclose, where);
  check_hdf(H5Dwrite(dataset.get(), is_double ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                     tensor.data()),
            where, "a failure of HDF5", kExpected);
}

}  // namespace

std::string hdf5_bytes(const std::vector<NamedTensor>& datasets, const std::string& name) {
  const HdfSession session;
  const HdfHandle access = owned(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, name);
  constexpr std::size_t kIncrement = std::size_t{1} << 20;
  check_hdf(H5Pset_fapl_core(access.get(), kIncrement, 0), name, "a failure of HDF5", kExpected);
  const HdfHandle file = owned(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose, name);
  const HdfHandle with_groups = owned(H5Pcreate(H5P_LINK_CREATE), H5Pclose, name);
  check_hdf(H5Pset_create_intermediate_group(with_groups.get(), 1), name, "a failure of HDF5", kExpected);
  for (const NamedTensor& named : datasets) {
    write_dataset(file.get(), with_groups.get(), named, name + ": " + named.name);
  }
  check_hdf(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), name, "a failure of HDF5", kExpected);
  const ssize_t size = H5Fget_file_image(file.get(), nullptr, 0);
  check_hdf(size < 0 ? -1 : 0, name, "a failure of HDF5", kExpected);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  check_hdf(H5Fget_file_image(file.get(), bytes.data(), bytes.size()) < 0 ? -1 : 0, name, "a failure of HDF5",
            kExpected);
  return bytes;
}

}  // namespace rondo
