/// Safe use of the HDF5 C library: by one thread at a time, silent, and with handles that close themselves.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

#include "vocabulary/fork.h"

namespace rondo {

/// While a session lives, no other thread uses HDF5, and HDF5 prints nothing. A session must outlive every handle.
class HdfSession {
 public:
  HdfSession();
  ~HdfSession();
  HdfSession(const HdfSession&) = delete;
  HdfSession& operator=(const HdfSession&) = delete;

 private:
  std::lock_guard<ForkLock> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
};

/// Owns an identifier of HDF5.
class HdfHandle {
 public:
  using Close = herr_t (*)(hid_t);

  /// Throws `ValueError(where, came, expected)` for a negative `id`, which is how HDF5 reports a failure.
  HdfHandle(hid_t id, Close close, const std::string& where, const std::string& came, const std::string& expected);
  HdfHandle(HdfHandle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  HdfHandle& operator=(HdfHandle&& other) noexcept;
  ~HdfHandle();

  hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// Throws `ValueError` for a negative `status`.
void check_hdf(herr_t status, const std::string& where, const std::string& came, const std::string& expected);

}  // namespace rondo
