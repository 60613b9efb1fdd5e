/// The weights of a lane: in registers, in shared memory, or streamed from memory.
#pragma once

#include "cuda/device/async_copy.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/device/words.h"
#include "cuda/persistent/kernel/shared_operands.cuh"
#include "cuda/persistent/shape/shared_layout.h"

namespace rondo {

/// The place of a warp among those of its block, and the shared memory that it works on.
struct WarpPlace {
  const PersistentShape& shape;
  int unit_warp = 0;
  int k_warp = 0;
  int tiles = 0;                             ///< of this warp, along k
  int first_tile = 0;                        ///< the first tile of this warp
  int rows = 0;                              ///< of the team
  device::Words4* shared_weights = nullptr;  ///< of this warp
  device::Words4* stream_places = nullptr;   ///< of this warp: kStreamPlaces tiles
};

/// The rows of one product.
struct PassRows {
  int pass = 0;
  int rows = 0;  ///< of the pass
};

/// The operands of x W of one warp.
struct WarpInputs {
  SharedOperands rows;            ///< the rows of a pass, with this warp's tiles alone
  const device::Words4* weights;  ///< the vectors of this lane, kWarpLanes apart, for all gates of a tile
  int tiles;
};

/// Prefetches the tiles that neither registers nor shared memory have room for, in the order in which they are used:
/// all passes of phase 0, then all of phase 1, repeating, and in a pass term after term. kStreamPlaces tiles are in
/// flight. A lane copies the words
/// that it will read itself, so that lanes do not wait for each other, and copies continue while the block waits for h.
template <typename Layout>
class WeightStream {
 public:
  /// `packed` is where the first streamed tile is. A phase uses all tiles `repeats` times.
  __device__ void begin(const device::Words4* packed, int tiles, int repeats, device::Words4* places) {
    packed_ = packed + device::lane();
    places_ = places + device::lane();
    tiles_ = tiles;
    repeats_ = repeats;
    second_phase_ = kTwoTerms;  // what the terms multiply does not exist yet in the first step of gradients
    if (tiles == 0) return;
    for (int place = 0; place < kStreamPlaces; ++place) ask();
  }

  /// The vectors of the next tile's term, kWarpLanes apart, until `release`.
  __device__ const device::Words4* take() {
    copies_.template wait<kStreamPlaces - 1>();
    return place(used_);
  }

  __device__ void release() {
    used_ = after(used_);
    ask();
  }

 private:
  static constexpr int kFirstVectors = Layout::template kTermVectors<0>;
  static constexpr int kSecondVectors = Layout::template kPhaseVectors<1>;
  static constexpr int kBehindFirst = Layout::template kPhaseVectors<0>;
  static constexpr bool kTwoTerms = kBehindFirst > kFirstVectors;

  static __device__ int after(int place) { return place + 1 == kStreamPlaces ? 0 : place + 1; }
  __device__ device::Words4* place(int index) const { return places_ + index * kFirstVectors * device::kWarpLanes; }

  __device__ void ask() {
    const device::Words4* tile = packed_ + tile_ * Layout::kVectors * device::kWarpLanes;
    if (kTwoTerms && second_term_) {
      copy<kBehindFirst - kFirstVectors, kFirstVectors>(tile);
    } else if (kSecondVectors == 0 || !second_phase_) {
      copy<0, kFirstVectors>(tile);
    } else {
      copy<kBehindFirst, kSecondVectors>(tile);
    }
    copies_.commit();
    asked_ = after(asked_);
    if (++tile_ < tiles_) return;
    tile_ = 0;
    if constexpr (kTwoTerms) {
      second_term_ = !second_term_ && !second_phase_;
      if (second_term_) return;
    }
    if (++repeat_ < repeats_) return;
    repeat_ = 0;
    second_phase_ = !second_phase_;
  }

  template <int kFirst, int kCount>
  __device__ void copy(const device::Words4* tile) {
    RONDO_UNROLL
    for (int vector = 0; vector < kCount; ++vector) {
      copies_.copy(place(asked_) + vector * device::kWarpLanes, tile + (kFirst + vector) * device::kWarpLanes);
    }
  }

  device::AsyncCopies copies_;
  const device::Words4* packed_ = nullptr;
  device::Words4* places_ = nullptr;
  int tiles_ = 0;
  int repeats_ = 0;
  int tile_ = 0;               ///< the tile that is asked for next
  int repeat_ = 0;             ///< how often the phase has used all tiles before
  bool second_phase_ = false;  ///< the phase of that tile
  bool second_term_ = false;   ///< its term, in phase 0
  int asked_ = 0;              ///< the place that it is copied to
  int used_ = 0;               ///< the place of the tile that is used next
};

/// The tiles of a lane's weights: the first kResident in registers, the next in shared memory, the last ones streamed,
/// in kinds whose kernels stream weights.
template <typename Layout, int kResident, PersistentKind kKind>
class LaneWeights {
 public:
  static constexpr int kVectors = Layout::kVectors;

  /// Loads the weights that pack_tiles_kernel has packed for this warp. A product multiplies `rows_at_once` rows.
  __device__ void load(const device::Words4* packed, const WarpPlace& warp, int rows_at_once) {
    const unsigned lane = device::lane();
    shared_ = warp.shared_weights + lane;
    RONDO_UNROLL
    for (int tile = 0; tile < kResident; ++tile) {
      RONDO_UNROLL
      for (int vector = 0; vector < kVectors; ++vector) {
        if (tile < warp.tiles) resident_[tile][vector] = packed[(tile * kVectors + vector) * device::kWarpLanes + lane];
      }
    }
    first_streamed_ = kResident + shared_tiles(warp.shape, kResident);
    if (first_streamed_ > warp.tiles) first_streamed_ = warp.tiles;
    for (int vector = kResident * kVectors; vector < first_streamed_ * kVectors; ++vector) {
      shared_[(vector - kResident * kVectors) * device::kWarpLanes] = packed[vector * device::kWarpLanes + lane];
    }
    if constexpr (streams_weights(kKind)) {
      stream_.begin(packed + first_streamed_ * kVectors * device::kWarpLanes, warp.tiles - first_streamed_,
                    (warp.rows + rows_at_once - 1) / rows_at_once, warp.stream_places);
    }
  }

  /// Calls function(tile) for the resident ones of the first `tiles` tiles. `tile` is a constant in each call. Where
  /// all resident tiles are used, no branch stands between the calls.
  template <typename Function>
  static __device__ void for_resident(int tiles, const Function& function) {
    if (tiles >= kResident) {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) function(tile);
    } else {
      RONDO_UNROLL
      for (int tile = 0; tile < kResident; ++tile) {
        if (tile < tiles) function(tile);
      }
    }
  }

  /// `tile` < kResident is a constant wherever this is called.
  __device__ const device::Words4& resident(int tile, int vector) const { return resident_[tile][vector]; }

  /// One past the last tile in shared memory.
  __device__ int first_streamed() const { return first_streamed_; }
  __device__ device::Words4 shared(int tile, int vector) const {
    return shared_[((tile - kResident) * kVectors + vector) * device::kWarpLanes];
  }

  /// Calls function(tile, vectors) for the tiles `first` to last - 1, which are streamed. `vectors` are the tile's
  /// vectors of the term, kWarpLanes apart.
  template <typename Function>
  __device__ void for_streamed(int first, int last, const Function& function) {
    if constexpr (streams_weights(kKind)) {
      for (int tile = first; tile < last; ++tile) {
        function(tile, stream_.take());
        stream_.release();
      }
    }
  }

 private:
  device::Words4 resident_[kResident][kVectors] = {};
  device::Words4* shared_ = nullptr;  ///< the tiles of this lane
  int first_streamed_ = 0;
  WeightStream<Layout> stream_;
};

}  // namespace rondo
