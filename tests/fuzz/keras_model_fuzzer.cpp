/// Reads any text as the configuration of a whole model, of Keras 2 and of Keras 3, whose layers have no weights: its
/// graph is read, its layers are made and its calls are checked, or it is refused with `ValueError`, with no other
/// outcome.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/keras/keras_configuration.h"
#include "rondo/models/model.h"
#include "rondo/vocabulary/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const char* version : {"2.15.0", "3.15.1"}) {
    try {
      rondo::KerasModel contents;
      contents.file = "fuzzed";
      contents.keras_version = version;
      contents.configuration.assign(reinterpret_cast<const char*>(data), size);
      const rondo::KerasOrigin origin = rondo::keras_origin(version, contents.file);
      contents.layers = rondo::parse_keras_configuration(contents.configuration, origin);
      const rondo::Model model(contents);
      static_cast<void>(model.describe());
      static_cast<void>(model.stream());
    } catch (const rondo::ValueError&) {  // the documented refusal
    }
  }
  return 0;
}
