/// Reads any text as a Keras configuration of an early, a late and a new version, and as a version: parsed or refused
/// with `ValueError`, with no other outcome.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "formats/keras/keras_configuration.h"
#include "rondo/vocabulary/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* version : {"2.0.8", "2.15.0", "3.15.1"}) {
    try {
      static_cast<void>(rondo::parse_keras_configuration(text, rondo::keras_origin(version, "fuzzed")));
    } catch (const rondo::ValueError&) {  // the documented refusal
    }
  }
  try {
    static_cast<void>(rondo::keras_origin(std::string(text), "fuzzed"));
  } catch (const rondo::ValueError&) {
  }
  return 0;
}
