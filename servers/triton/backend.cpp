// The functions that the server calls.

#include <string>

#include "call.h"
#include "instance.h"
#include "rondo/vocabulary/log.h"

namespace rondo::triton {
namespace {

/// What the server keeps for each model.
struct LoadedModel {
  std::uint64_t version = 0;
  ServedModel served;
};

std::string configuration_of(abi::Model* model) {
  abi::Message* message = nullptr;
  check(abi::TRITONBACKEND_ModelConfig(model, 1, &message));
  const char* text = nullptr;
  std::size_t bytes = 0;
  abi::Error* const error = abi::TRITONSERVER_MessageSerializeToJson(message, &text, &bytes);
  const std::string json = error == nullptr ? std::string(text, bytes) : std::string();
  note(abi::TRITONSERVER_MessageDelete(message));
  check(error);
  return json;
}

std::unique_ptr<LoadedModel> load(abi::Model* model) {
  auto loaded = std::make_unique<LoadedModel>();
  check(abi::TRITONBACKEND_ModelVersion(model, &loaded->version));
  auto type = abi::ArtifactType::filesystem;
  const char* location = nullptr;
  check(abi::TRITONBACKEND_ModelRepository(model, &type, &location));
  if (type != abi::ArtifactType::filesystem) throw ValueError("model repository", "of another kind", "a folder");
  const ModelConfig config = parse_model_config(configuration_of(model));
  loaded->served = load_served_model(config, std::filesystem::path(location) / std::to_string(loaded->version));
  return loaded;
}

LoadedModel& loaded_model(abi::Model* model) {
  void* state = nullptr;
  check(abi::TRITONBACKEND_ModelState(model, &state));
  return *static_cast<LoadedModel*>(state);
}

ModelInstance* state_of(abi::Instance* instance) {
  void* state = nullptr;
  check(abi::TRITONBACKEND_ModelInstanceState(instance, &state));
  return static_cast<ModelInstance*>(state);
}

abi::LogLevel level_of(LogLevel level) {
  return level == LogLevel::warning ? abi::LogLevel::warning : abi::LogLevel::info;
}

}  // namespace
}  // namespace rondo::triton

namespace rondo::triton::abi {

extern "C" {

Error* TRITONBACKEND_Initialize(Backend*) {
  return guarded([] {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    check(TRITONBACKEND_ApiVersion(&major, &minor));
    if (major != kMajor || minor < kMinor) {
      throw ValueError("TRITONBACKEND_ApiVersion", std::to_string(major) + "." + std::to_string(minor),
                       std::to_string(kMajor) + "." + std::to_string(kMinor) + ", or later ones of the same major");
    }
    set_log_sink([](rondo::LogLevel level, std::string_view text) { log(level_of(level), std::string(text)); });
  });
}

Error* TRITONBACKEND_Finalize(Backend*) {
  return guarded([] { set_log_sink(nullptr); });
}

Error* TRITONBACKEND_ModelInitialize(Model* model) {
  return guarded([&] {
    std::unique_ptr<LoadedModel> loaded = load(model);
    check(TRITONBACKEND_ModelSetState(model, loaded.get()));
    static_cast<void>(loaded.release());
  });
}

Error* TRITONBACKEND_ModelFinalize(Model* model) {
  return guarded([&] {
    void* state = nullptr;
    check(TRITONBACKEND_ModelState(model, &state));
    delete static_cast<LoadedModel*>(state);
  });
}

Error* TRITONBACKEND_ModelInstanceInitialize(Instance* instance) {
  return guarded([&] {
    Model* model = nullptr;
    check(TRITONBACKEND_ModelInstanceModel(instance, &model));
    const LoadedModel& loaded = loaded_model(model);
    auto made = std::make_unique<ModelInstance>(instance, loaded.served, loaded.version);
    check(TRITONBACKEND_ModelInstanceSetState(instance, made.get()));
    static_cast<void>(made.release());
  });
}

Error* TRITONBACKEND_ModelInstanceFinalize(Instance* instance) {
  return guarded([&] { delete state_of(instance); });
}

Error* TRITONBACKEND_ModelInstanceExecute(Instance* instance, Request** requests, std::uint32_t count) {
  return guarded([&] { state_of(instance)->execute({requests, count}); });
}

}  // extern "C"

}  // namespace rondo::triton::abi
