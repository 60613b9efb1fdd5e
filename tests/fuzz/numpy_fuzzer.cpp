/// Reads any bytes as a `.npy` and as a `.npz` file: parsed or refused with `ValueError`, with no other outcome.
#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/formats/numpy_file.h"
#include "rondo/formats/tf1_weights.h"
#include "rondo/vocabulary/error.h"

namespace {

/// Reads every element, so that the sanitizers see every byte.
double total(const rondo::Tensor& tensor) {
  double sum = 0.0;
  for (const double value : tensor.to(rondo::DType::f64).to_vector<double>()) sum += value;
  return sum;
}

void convert(const rondo::NumpyArchive& file, rondo::CellKind kind) {
  try {
    static_cast<void>(rondo::tf1_weights(file, {.kind = kind}));
  } catch (const rondo::ValueError&) {  // most files have no such variables
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  try {
    static_cast<void>(total(rondo::parse_npy(bytes, "fuzzed")));
  } catch (const rondo::ValueError&) {  // the documented refusal
  }
  try {
    const rondo::NumpyArchive file = rondo::parse_npz(bytes, "fuzzed");
    for (const rondo::NamedTensor& named : file.tensors()) static_cast<void>(total(named.tensor));
    for (const auto kind : {rondo::CellKind::simple_rnn, rondo::CellKind::lstm, rondo::CellKind::gru}) {
      convert(file, kind);
    }
  } catch (const rondo::ValueError&) {
  }
  return 0;
}
