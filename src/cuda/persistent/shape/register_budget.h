/// How much of a product a thread keeps in registers. The numbers were found by compiling: with more, registers spill.
#pragma once

#include "cuda/persistent/shape/tile_layout.h"

namespace rondo {

/// The most rows of a strict product that share a reading of the weights; a divisor of device::kTileColumns. A cell
/// with two phases has registers for the sums of 4 rows only.
RONDO_HOST_DEVICE constexpr int rows_together(int phases) { return phases == 2 ? 4 : 8; }

/// Vectors that a lane has registers for in strict products. A Formula with more gates, states and phases needs more
/// registers for other values.
template <typename Formula>
RONDO_HOST_DEVICE constexpr int strict_vectors(int vectors, int row_tiles, PersistentKind kind) {
  // A thread of a block or a cluster may have several rows of a step of gradients.
  const bool many_gradients = row_tiles > 1 || kind != PersistentKind::grid;
  if (kIsOfGradients<Formula> && many_gradients) return 14;
  if (row_tiles >= 4) return vectors <= 2 || Formula::kBiases == 2 ? 22 : 17;
  const bool many_rows = vectors > 2 && Formula::kBiases == 2 && row_tiles == 2;
  if (kPhases<Formula> == 2 || many_rows) return 22;
  return row_tiles == 1 && vectors <= 2 ? 28 : 26;
}

/// Tiles that a lane keeps in registers. The sums of tensor cores, the words of h that they multiply at once, and more
/// rows need registers, too.
/// A kernel that `kKeeps` a reserve needs some for what it keeps.
template <typename Formula, typename Operand, bool kKeeps>
RONDO_HOST_DEVICE constexpr int resident_tiles(int vectors, int row_tiles, Streams streams, PersistentKind kind) {
  int tiles = 0;
  if constexpr (std::is_same_v<Operand, float>) {
    const int kept = kKeeps ? (row_tiles >= 4 ? 5 : 2) : 0;
    tiles = (strict_vectors<Formula>(vectors, row_tiles, kind) - kept) / vectors;
  } else {
    const int split = std::is_same_v<Operand, device::Tf32x3> ? 10 : 0;  // registers for the two parts of words
    const bool once = streams == Streams::once;
    const bool many_units = Formula::kGates == 1 && vectors > 2;  // threads of such kernels have many rows
    const int of_two_passes = many_units ? 116 : (vectors == 5 ? 132 : 140);
    const int of_many_rows = once ? 110 : (kPhases<Formula> == 2 ? 108 : of_two_passes);
    const int of_one_pass = row_tiles == 1 ? 150 : (kPhases<Formula> == 2 ? 144 : 152);
    const int kept = kKeeps && row_tiles > 1 ? 12 : 0;
    const int registers = (row_tiles <= 2 ? of_one_pass : of_many_rows) - split - kept;
    const int pass = row_tiles == 1 ? 1 : 2;
    const int sums = 4 * vectors * (once ? row_tiles : pass);
    tiles = (registers - sums) / (4 * vectors + 2 * pass);
  }
  const int most_tiles = row_tiles >= 4 ? 8 : 12;
  if (tiles < 1) return 1;
  return tiles < most_tiles ? tiles : most_tiles;
}

/// Tiles whose words of h a lane asks for at once: the resident tiles and, with few rows, which leave registers for
/// words, some more, so that a warp with a tile or two in shared memory does not wait a second time.
RONDO_HOST_DEVICE constexpr int asked_tiles(int resident, int row_tiles, GridWords words) {
  if (words == GridWords::threes) return (resident + kThreesTiles - 1) / kThreesTiles * kThreesTiles;
  const bool alone = words == GridWords::alone;
  const int most = alone ? 12 : 8;
  const int more = alone ? 4 : 2;
  if (row_tiles > 1 || resident >= most) return resident;
  return resident + more < most ? resident + more : most;
}

}  // namespace rondo
