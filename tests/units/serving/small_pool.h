/// A pool of two small layers, for tests of what surrounds a run.
#pragma once

#include "random_stack.h"
#include "rondo/serving/state_pool.h"

namespace rondo::test {

/// I = 5 and O = 9, f32.
inline const LoadedNetwork& small_stack() {
  static const LoadedNetwork network = [] {
    Random random(1);
    return random_stack(random, {CellKind::lstm, CellKind::gru});
  }();
  return network;
}

inline Tensor inputs(std::uint64_t seed, std::int64_t rows) { return Random(seed).tensor({rows, 5}, 1.0); }
inline Tensor outputs(std::int64_t rows) { return Tensor::full({rows, 9}, -7, DType::f32); }

/// What the pool writes for one chunk.
inline Tensor run_chunk(StatePool& pool, const StreamChunk& chunk, const Tensor& x) {
  const Tensor y = outputs(x.size(0));
  pool.run(std::span(&chunk, 1), x, y);
  return y;
}

}  // namespace rondo::test
