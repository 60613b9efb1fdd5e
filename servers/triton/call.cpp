#include "call.h"

namespace rondo::triton {

void check(abi::Error* error) {
  if (error == nullptr) return;
  const std::string text = abi::TRITONSERVER_ErrorMessage(error);
  abi::TRITONSERVER_ErrorDelete(error);
  throw RuntimeError("Triton: " + text);
}

void note(abi::Error* error) {
  if (error == nullptr) return;
  log(abi::LogLevel::error, abi::TRITONSERVER_ErrorMessage(error));
  abi::TRITONSERVER_ErrorDelete(error);
}

abi::Error* error_in_flight() {
  try {
    throw;
  } catch (const ValueError& error) {
    return abi::TRITONSERVER_ErrorNew(abi::ErrorCode::invalid_argument, error.what());
  } catch (const std::exception& error) {
    return abi::TRITONSERVER_ErrorNew(abi::ErrorCode::internal, error.what());
  } catch (...) {
    return abi::TRITONSERVER_ErrorNew(abi::ErrorCode::internal, "rondo: an exception of an unknown kind");
  }
}

void log(abi::LogLevel level, const std::string& text) {
  abi::Error* error = abi::TRITONSERVER_LogMessage(level, "rondo", 0, text.c_str());
  if (error != nullptr) abi::TRITONSERVER_ErrorDelete(error);
}

}  // namespace rondo::triton
