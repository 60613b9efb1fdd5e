/// The ONNX Runtime that has loaded this library: its functions, its statuses and its log.
#pragma once

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <exception>
#include <new>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::ort {

/// The version of the interface that this library asks for, which ONNX Runtime has since 1.23. A header of a later one
/// declares the same functions at the same places.
inline constexpr std::uint32_t kInterface = 23;
static_assert(ORT_API_VERSION >= kInterface, "the headers of ONNX Runtime are older than 1.23");

class Runtime {
 public:
  explicit Runtime(const OrtApi& api) : api_(&api), provider_(api.GetEpApi()) {}

  const OrtApi& api() const { return *api_; }
  /// The functions for execution providers.
  const OrtEpApi& provider() const { return *provider_; }

  /// Throws `RuntimeError` with the text of a status that tells of an error. Takes the status.
  void check(OrtStatus* status) const {
    if (status != nullptr) fail(status);
  }
  /// What `function()` throws, as a status; null where it returns.
  template <typename Function>
  OrtStatus* guarded(const Function& function) const noexcept {
    try {
      function();
      return nullptr;
    } catch (const ValueError& error) {
      return api_->CreateStatus(ORT_INVALID_ARGUMENT, error.what());
    } catch (const TypeError& error) {
      return api_->CreateStatus(ORT_INVALID_ARGUMENT, error.what());
    } catch (const std::bad_alloc&) {
      return api_->CreateStatus(ORT_FAIL, "Rondo has no memory left");
    } catch (const std::exception& error) {
      return api_->CreateStatus(ORT_FAIL, error.what());
    } catch (...) {
      return api_->CreateStatus(ORT_FAIL, "Rondo failed for a reason that it does not know");
    }
  }

 private:
  [[noreturn]] void fail(OrtStatus* status) const;

  const OrtApi* api_;
  const OrtEpApi* provider_;
};

/// The functions of the runtime behind `base` in `api`; or else null there, and a status that says that the runtime is
/// too old.
OrtStatus* connect(const OrtApiBase& base, const OrtApi*& api) noexcept;

/// A log of the runtime's.
class Log {
 public:
  Log(const Runtime& runtime, const OrtLogger& logger) : runtime_(&runtime), logger_(&logger) {}
  void warn(const std::string& text) const noexcept { write(ORT_LOGGING_LEVEL_WARNING, text); }
  void inform(const std::string& text) const noexcept { write(ORT_LOGGING_LEVEL_INFO, text); }

 private:
  void write(OrtLoggingLevel level, const std::string& text) const noexcept;

  const Runtime* runtime_;
  const OrtLogger* logger_;
};

}  // namespace rondo::ort
