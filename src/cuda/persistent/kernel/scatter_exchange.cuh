/// The exchange of kernels of gradients whose blocks scatter sums, in a team that is a cluster. Each block writes dG of
/// its own units to its own shared memory, multiplies it for all units, and pushes the sums in f32 to the blocks that
/// own the units: 16 bytes, four neighbouring units of a row, at a time. Beside the interface of block_exchange.cuh,
/// whose `push` writes dG and whose `wait` is for sums, this exchange has
///
///     send(target, row, chunk, sums)   the sums of a chunk of this lane's units in a row of the team: `target` is
///                                      where the receiving block keeps sums
///
/// A push takes part in no exchange: a barrier of the block stands between it and the product. The rows of dG have two
/// places, used alternately, so that between the reading of one and the next writing lies the barrier of the other.
/// Likewise two places are enough for sums: a block that sends exchange e + 2 has received exchange e + 1 from all
/// blocks, and a block sends e + 1 behind a barrier at which its threads have read the sums of e.
#pragma once

#include "cuda/persistent/kernel/cluster_phases.cuh"
#include "cuda/persistent/kernel/own_operands.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"

namespace rondo {

template <typename Operand>
class ScatterExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::cluster;
  static constexpr GridWords kWords = GridWords::none;
  static constexpr bool kInFlight = false;
  static constexpr bool kMakesRoom = false;

  __device__ explicit ScatterExchange(const ExchangePlace& place)
      : place_(place), own_(place, place.shape.units()), phases_(place.barriers, place.flags) {
    const PersistentShape& shape = place.shape;
    const int units = shape.units();
    // TileLayout says which units a lane has.
    const int quad = static_cast<int>(device::thread_index().x) / 4;
    const int first_unit = quad * shape.octets;
    const int chunks = (shape.H - first_unit + kChunkUnits - 1) / kChunkUnits;
    chunks_ = static_cast<int>(device::opaque(static_cast<unsigned>(chunks < 0 ? 0 : chunks)));
    peer_ = device::opaque(static_cast<unsigned>(first_unit / units));
    const int sums = place.block * place.layout.sum_layout.part + first_unit % units;
    sums_ = device::opaque(static_cast<std::uint32_t>(sums) * sizeof(float));
    const int left = shape.H - place.block * units;
    const int owned = left < 0 ? 0 : (left < units ? left : units);
    bytes_ = static_cast<std::uint32_t>(shape.blocks * place.rows * ((owned + kChunkUnits - 1) / kChunkUnits)) *
             sizeof(device::Words4);
  }

  __device__ void begin() { phases_.begin(); }

  template <int kGate = 0>
  __device__ void push(int rows, float value, bool wanted) {
    own_.template push<kGate>(place_, operands_at(), rows, value, wanted);
  }

  __device__ void send(float* target, int row, int chunk, const float (&sums)[4]) {
    if (row >= place_.rows || chunk >= chunks_) return;
    device::Words4 words;
    for (int i = 0; i < kChunkUnits; ++i) words.words[i] = device::float_bits(sums[i]);
    auto* place = reinterpret_cast<std::byte*>(target + row * place_.layout.sum_layout.row) + sums_;
    device::push(reinterpret_cast<device::Words4*>(place) + chunk, words, phases_.pushed(), peer_);
  }

  template <int kGates>
  __device__ void end_pushes() {
    phases_.end_pushes(bytes_);
    own_place_ = place_.layout.operand_place - own_place_;
  }

  __device__ void wait(int) { phases_.wait(); }
  __device__ SharedOperands operands(int) const {
    return {reinterpret_cast<const std::uint32_t*>(operands_at()), place_.shape.row_stride()};
  }
  __device__ void order(int) const {}
  __device__ std::uint32_t given_up() const { return phases_.given_up(); }
  __device__ void report(std::uint32_t* flags, std::int32_t step) const { phases_.report(flags, step); }
  __device__ void end() const { phases_.end(); }

 private:
  static constexpr int kChunkUnits = 4;

  __device__ std::byte* operands_at() const { return reinterpret_cast<std::byte*>(place_.operands) + own_place_; }

  const ExchangePlace place_;
  const OwnOperands<Operand> own_;
  ClusterPhases phases_;
  int chunks_ = 0;              ///< of this lane's units that exist
  unsigned peer_ = 0;           ///< the block that owns these units
  std::uint32_t sums_ = 0;      ///< where the sums of the first row of this block go, in bytes behind the place's begin
  std::uint32_t bytes_ = 0;     ///< that arrive with each exchange
  std::int32_t own_place_ = 0;  ///< where dG of the step is, in bytes behind the first place
};

}  // namespace rondo
