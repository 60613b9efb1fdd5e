#include "runtime.h"

namespace rondo::ort {

void Runtime::fail(OrtStatus* status) const {
  const std::string text = api_->GetErrorMessage(status);
  api_->ReleaseStatus(status);
  throw RuntimeError("ONNX Runtime: " + text);
}

OrtStatus* connect(const OrtApiBase& base, const OrtApi*& api) noexcept {
  api = base.GetApi(kInterface);
  if (api != nullptr) return nullptr;
  const char* const version = base.GetVersionString();
  for (std::uint32_t older = kInterface - 1; older > 0; --older) {
    const OrtApi* const known = base.GetApi(older);
    if (known == nullptr) continue;
    try {
      const std::string text = "ONNX Runtime: got " + std::string(version) + ", whose interface has version " +
                               std::to_string(older) + ", expected 1." + std::to_string(kInterface) + " or later";
      return known->CreateStatus(ORT_NOT_IMPLEMENTED, text.c_str());
    } catch (const std::bad_alloc&) {
      return known->CreateStatus(ORT_NOT_IMPLEMENTED, "ONNX Runtime is too old for Rondo");
    }
  }
  return nullptr;
}

void Log::write(OrtLoggingLevel level, const std::string& text) const noexcept {
  OrtStatus* const status = runtime_->api().Logger_LogMessage(logger_, level, text.c_str(), "librondo_ort", 0, "rondo");
  if (status != nullptr) runtime_->api().ReleaseStatus(status);  // nobody could be told
}

}  // namespace rondo::ort
