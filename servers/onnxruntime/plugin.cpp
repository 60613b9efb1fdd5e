// The functions that the runtime looks for in this library.
#include <memory>

#include "counts.h"
#include "factory.h"
#include "rondo/vocabulary/log.h"
#include "stream_operators.h"

extern "C" {

OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base, const OrtLogger*, OrtEpFactory** factories,
                             std::size_t most, std::size_t* count) {
  *count = 0;
  const OrtApi* api = nullptr;
  if (OrtStatus* const refused = rondo::ort::connect(*base, api)) return refused;
  if (api == nullptr || most == 0) return nullptr;
  return rondo::ort::Runtime(*api).guarded([&] {
    factories[0] = new rondo::ort::Factory(*api);
    *count = 1;
  });
}

OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  delete static_cast<rondo::ort::Factory*>(factory);
  return nullptr;
}

OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  const OrtApi* api = nullptr;
  if (OrtStatus* const refused = rondo::ort::connect(*base, api)) return refused;
  if (api == nullptr) return nullptr;
  const rondo::ort::Runtime runtime(*api);
  return runtime.guarded([&] { rondo::ort::add_stream_operators(runtime, *options); });
}

}  // extern "C"
