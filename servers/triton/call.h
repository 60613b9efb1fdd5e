/// Calls between C++ and the server: errors become exceptions, and exceptions errors.
#pragma once

#include <exception>
#include <string>

#include "abi.h"
#include "rondo/vocabulary/error.h"

namespace rondo::triton {

/// Throws `RuntimeError` with the server's words, and deletes the error. Does nothing for null.
void check(abi::Error* error);
/// Writes the error to the server's log, and deletes it, where nothing else can be done.
void note(abi::Error* error);
/// An error of the server's that says what the exception in flight says. `ValueError` is the client's, or the
/// configuration's; all others are internal.
abi::Error* error_in_flight();
/// A line in the server's log.
void log(abi::LogLevel level, const std::string& text);

/// Calls a function that the server called: no exception leaves it.
template <typename Function>
abi::Error* guarded(const Function& function) noexcept {
  try {
    function();
    return nullptr;
  } catch (...) {
    return error_in_flight();
  }
}

}  // namespace rondo::triton
