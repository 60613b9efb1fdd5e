/// Imports any bytes as the state of a stream: refused with `ValueError`, or exported again as they came. The same
/// bytes are imported a second time behind a head that is right, as somebody would who means to deceive: then every
/// other stream goes on as before.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "rondo/serving/state_pool.h"
#include "rondo/vocabulary/error.h"
#include "serving/state_image.h"

namespace {

using rondo::Tensor;

rondo::LoadedNetwork small_network() {
  const rondo::CellSpec cell{.kind = rondo::CellKind::lstm, .units = 2};
  rondo::LoadedNetwork network;
  network.spec.layers.push_back({.forward = {.cell = cell, .I = 1}});
  network.weights.push_back({.forward = {.kernel = Tensor::full({1, 8}, 0.25, rondo::DType::f32),
                                         .recurrent_kernel = Tensor::full({2, 8}, 0.5, rondo::DType::f32),
                                         .bias = Tensor::full({8}, 0.125, rondo::DType::f32)}});
  return network;
}

void expect(bool holds) {
  if (!holds) std::abort();
}

/// Whether the pool took the bytes. Slot 0 gets them, and slot 1 has another stream.
bool imports(rondo::StatePool& pool, std::span<const std::byte> bytes) {
  const std::vector<std::byte> before = pool.export_state(0);
  try {
    pool.import_state(0, bytes);
  } catch (const rondo::ValueError&) {  // the documented refusal
    expect(pool.export_state(0) == before);
    return false;
  }
  const std::vector<std::byte> after = pool.export_state(0);
  expect(std::vector<std::byte>(bytes.begin(), bytes.end()) == after);
  return true;
}

void step_both(rondo::StatePool& pool) {
  static const Tensor x = Tensor::full({2, 1}, 0.5, rondo::DType::f32);
  static const Tensor y = Tensor::empty({2, 2}, rondo::DType::f32);
  static const std::vector<std::byte> other = pool.export_state(1);
  static const std::vector<rondo::StreamChunk> chunks = {{.slot = 0}, {.slot = 1}};
  static const std::vector<std::byte> next = [&] {
    pool.run(chunks, x, y);
    return pool.export_state(1);
  }();
  pool.import_state(1, other);
  pool.run(chunks, x, y);
  expect(pool.export_state(1) == next);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static rondo::StatePool pool(small_network(), {.slots = 2, .max_rows = 2});
  static const bool opened = pool.open() != pool.open();
  expect(opened);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  static_cast<void>(imports(pool, bytes));

  std::vector<std::byte> sealed = pool.export_state(0);
  for (std::size_t k = rondo::kStateHeadBytes; k < sealed.size() && k - rondo::kStateHeadBytes < size; ++k) {
    sealed[k] = bytes[k - rondo::kStateHeadBytes];
  }
  rondo::seal({.fingerprint = pool.fingerprint(), .dtype = pool.dtype(), .bytes = pool.slot_bytes()}, sealed);
  expect(imports(pool, sealed));
  step_both(pool);
  return 0;
}
