/// Reads any bytes as a safetensors file: parsed or refused with `ValueError`, with no other outcome.
#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "rondo/vocabulary/error.h"

namespace {

/// Reads every element of an accepted file, so that the sanitizers see every byte.
double total(const rondo::Safetensors& file) {
  double sum = 0.0;
  for (const rondo::NamedTensor& named : file.tensors()) {
    for (const double value : file.tensor(named.name).to(rondo::DType::f64).to_vector<double>()) sum += value;
  }
  return sum;
}

void convert(const rondo::Safetensors& file, rondo::CellKind kind) {
  try {
    static_cast<void>(rondo::pytorch_weights(file, {.kind = kind}));
  } catch (const rondo::ValueError&) {  // most files have no such weights
  }
}

/// Makes every module that the names promise.
void convert_modules(const rondo::Safetensors& file) {
  for (const std::string& prefix : rondo::pytorch_prefixes(file)) {
    try {
      static_cast<void>(rondo::pytorch_class(rondo::pytorch_network(file, {.prefix = prefix})));
    } catch (const rondo::ValueError&) {  // most modules lack weights, or have weights that do not fit
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const rondo::Safetensors file = rondo::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzzed");
    static_cast<void>(total(file));
    static_cast<void>(describe(file));
    convert_modules(file);
    for (const auto kind : {rondo::CellKind::simple_rnn, rondo::CellKind::lstm, rondo::CellKind::gru}) {
      convert(file, kind);
    }
  } catch (const rondo::ValueError&) {  // the documented refusal
  }
  return 0;
}
