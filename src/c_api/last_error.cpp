#include "c_api/last_error.h"

#include <exception>
#include <new>
#include <string>

#include "c_api/sized_struct.h"

namespace rondo::c_api {
namespace {

struct LastError {
  rondo_status status = RONDO_OK;
  bool has_no_memory = false;  // and so the texts below are not this error's
  std::string message = {};
  std::string argument = {};
  std::string came = {};
  std::string expected = {};
};

LastError& last_error() {
  thread_local LastError error;
  return error;
}

rondo_status status_of(const Error& error) {
  if (dynamic_cast<const InvalidHandle*>(&error) != nullptr) return RONDO_INVALID_HANDLE;
  if (dynamic_cast<const ValueError*>(&error) != nullptr) return RONDO_INVALID_VALUE;
  if (dynamic_cast<const TypeError*>(&error) != nullptr) return RONDO_INVALID_TYPE;
  if (dynamic_cast<const AttributeError*>(&error) != nullptr) return RONDO_UNSUPPORTED;
  if (dynamic_cast<const OutOfMemory*>(&error) != nullptr) return RONDO_OUT_OF_MEMORY;
  if (dynamic_cast<const DeviceError*>(&error) != nullptr) return RONDO_DEVICE_ERROR;
  return RONDO_RUNTIME_ERROR;
}

LastError described_error() {
  try {
    throw;
  } catch (const Error& error) {
    return {.status = status_of(error),
            .message = error.what(),
            .argument = error.argument(),
            .came = error.came(),
            .expected = error.expected()};
  } catch (const std::bad_alloc&) {
    return {.status = RONDO_OUT_OF_MEMORY, .has_no_memory = true};
  } catch (const std::exception& error) {
    return {.status = RONDO_INTERNAL_ERROR, .message = error.what()};
  } catch (...) {
    return {.status = RONDO_INTERNAL_ERROR, .message = "an exception that is no std::exception"};
  }
}

const char* message_of(const LastError& error) {
  return error.has_no_memory ? "memory: got an allocation that failed, expected enough memory" : error.message.c_str();
}

}  // namespace

rondo_status keep_error() noexcept {
  LastError& kept = last_error();
  try {
    kept = described_error();
  } catch (...) {
    kept.status = RONDO_OUT_OF_MEMORY;
    kept.has_no_memory = true;
  }
  return kept.status;
}

}  // namespace rondo::c_api

using namespace rondo::c_api;

const char* rondo_last_error() { return message_of(last_error()); }

rondo_status rondo_last_error_parts(rondo_error* error) {
  return guarded([&] {
    const LastError& last = last_error();
    const auto part = [&](const std::string& text) { return last.has_no_memory ? "" : text.c_str(); };
    write_sized(error, "error",
                rondo_error{.struct_size = 0,
                            .status = last.status,
                            .message = message_of(last),
                            .argument = part(last.argument),
                            .came = part(last.came),
                            .expected = part(last.expected)});
  });
}
