#include "formats/containers/hdf5_library.h"

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

ForkLock& library_mutex() {
  static ForkLock mutex;
  return mutex;
}

}  // namespace

// If these calls fail, HDF5 still works, and prints its errors.
HdfSession::HdfSession() : lock_(library_mutex()) {
  static_cast<void>(H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_));
  static_cast<void>(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr));
}

// Error records that a thread leaves behind would keep HDF5 from closing when the program ends.
HdfSession::~HdfSession() {
  static_cast<void>(H5Eclear2(H5E_DEFAULT));
  static_cast<void>(H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_));
}

HdfHandle::HdfHandle(hid_t id, Close close, const std::string& where, const std::string& came,
                     const std::string& expected)
    : id_(id), close_(close) {
  if (id_ < 0) throw ValueError(where, came, expected);
}

HdfHandle& HdfHandle::operator=(HdfHandle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

HdfHandle::~HdfHandle() {
  if (id_ >= 0) static_cast<void>(close_(id_));  // the object was only read: a failure loses nothing
}

void check_hdf(herr_t status, const std::string& where, const std::string& came, const std::string& expected) {
  if (status < 0) throw ValueError(where, came, expected);
}

}  // namespace rondo
