#include "stream_operators.h"

#include <array>
#include <map>
#include <mutex>

#include "stream_node.h"

namespace rondo::ort {
namespace {

constexpr std::size_t kOutputs = 2;  // Y and Y_h

bool is_optional(StreamInput input) {
  return input == StreamInput::bias || input == StreamInput::start || input == StreamInput::end;
}

ONNXTensorElementDataType type_of(StreamInput input) {
  switch (input) {
    case StreamInput::session: return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;  // integers or strings
    case StreamInput::start:
    case StreamInput::end: return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
    default: return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
}

/// The signature of an operator. Its kernel is the provider's: what a session without the provider makes fails.
class StreamOperator final : public OrtCustomOp {
 public:
  explicit StreamOperator(const char* name) : OrtCustomOp{}, name_(name) {
    version = kInterface;
    GetName = [](const OrtCustomOp* self) { return static_cast<const StreamOperator*>(self)->name_; };
    GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };
    describe_ends();
    CreateKernelV2 = [](const OrtCustomOp* self, const OrtApi* api, const OrtKernelInfo*, void**) -> OrtStatus* {
      return Runtime(*api).guarded([&] {
        throw ValueError(std::string("rondo::") + static_cast<const StreamOperator*>(self)->name_,
                         "a session without Rondo's execution provider", "one with it");
      });
    };
    KernelComputeV2 = [](void*, OrtKernelContext*) -> OrtStatus* { return nullptr; };
    KernelDestroy = [](void*) {};
    GetStartVersion = [](const OrtCustomOp*) { return 1; };
    GetEndVersion = [](const OrtCustomOp*) { return 1; };
  }

 private:
  void describe_ends() {
    GetInputTypeCount = [](const OrtCustomOp*) { return kStreamInputs; };
    GetInputType = [](const OrtCustomOp*, std::size_t index) { return type_of(static_cast<StreamInput>(index)); };
    GetInputCharacteristic = [](const OrtCustomOp*, std::size_t index) {
      return is_optional(static_cast<StreamInput>(index)) ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
    };
    GetInputMemoryType = [](const OrtCustomOp*, std::size_t) { return OrtMemTypeDefault; };
    GetOutputTypeCount = [](const OrtCustomOp*) { return kOutputs; };
    GetOutputType = [](const OrtCustomOp*, std::size_t) { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; };
    GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t) { return INPUT_OUTPUT_OPTIONAL; };
    GetVariadicInputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicInputHomogeneity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputHomogeneity = [](const OrtCustomOp*) { return 1; };
  }

  const char* const name_;
};

/// A domain with the operators for each runtime of the process. Sessions use it for as long as they live.
OrtCustomOpDomain* domain_of(const Runtime& runtime) {
  static std::array operators{StreamOperator("LSTMStream"), StreamOperator("GRUStream"), StreamOperator("RNNStream")};
  static std::mutex mutex;
  static std::map<const OrtApi*, OrtCustomOpDomain*> domains;
  const std::lock_guard lock(mutex);
  OrtCustomOpDomain*& domain = domains[&runtime.api()];
  if (domain != nullptr) return domain;
  runtime.check(runtime.api().CreateCustomOpDomain(kStreamDomain, &domain));
  for (StreamOperator& one : operators) runtime.check(runtime.api().CustomOpDomain_Add(domain, &one));
  return domain;
}

}  // namespace

void add_stream_operators(const Runtime& runtime, OrtSessionOptions& options) {
  runtime.check(runtime.api().AddCustomOpDomain(&options, domain_of(runtime)));
}

}  // namespace rondo::ort
