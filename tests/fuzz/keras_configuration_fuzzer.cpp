/// Any text as a Keras configuration: parsed, or refused with `ValueError`, and nothing else.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/keras/keras_configuration.h"
#include "rondo/vocabulary/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int major : {2, 3}) {
    try {
      static_cast<void>(rondo::parse_keras_configuration(text, {"fuzzed", major}));
    } catch (const rondo::ValueError&) {  // the documented refusal
    }
  }
  return 0;
}
