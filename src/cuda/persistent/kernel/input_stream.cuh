/// Copies rows of x into shared memory, for kernels that multiply x.
///
/// A warp copies the range of k that it multiplies itself into kInputPlaces of its own, some passes ahead. Its lanes
/// therefore wait only for each other, and copies continue while the block waits for h. Rows may begin at any element.
/// Nothing beyond a row's I elements is read, and the words there stay zeros.
#pragma once

#include <cstdint>

#include "cuda/device/async_copy.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/kernel/lane_weights.cuh"
#include "cuda/persistent/kernel/persistent_run.h"
#include "cuda/persistent/shape/operand_traits.h"

namespace rondo {

/// The rows of a team, and the steps that it computes.
struct TeamSteps {
  std::int32_t first_row = 0;  ///< of the batch
  int rows = 0;
  StepRange steps = {};
};

/// `Counts` are PassCounts. The place of a warp and its memory is computed anew in each pass, because registers are for
/// weights.
template <typename Formula, typename Operand, typename Layout, typename Counts>
class InputStream {
 public:
  using Element = typename OperandTraits<Operand>::Element;

  __device__ InputStream(const PersistentRun<Element>& run, std::byte* memory, const TeamSteps& team)
      : run_(run), memory_(memory), team_(team) {}

  /// Copies the warp's part of W, for this block of the team, and asks for the rows of the first passes.
  __device__ void begin(int block) {
    const Warp warp = this_warp();
    if (!takes_part(warp)) return;
    const PersistentShape inputs = run_.shape.of_inputs();
    const device::Words4* packed = run_.x.weights + (std::int64_t{block} * inputs.warps() + warp.index) *
                                                        inputs.warp_tiles() * Layout::kVectors * device::kWarpLanes;
    for (int vector = 0; vector < tiles(warp) * Layout::kVectors; ++vector) {
      const int word = vector * device::kWarpLanes + warp.lane;
      copies_.copy(weights(warp) + word, packed + word);
    }
    clear_rows(warp);
    for (int pass = 0; pass < kInputPlaces; ++pass) ask(warp, team_.steps.first, pass);
  }

  /// Computes x W of this warp for a pass of step s. The caller goes through the passes one after the other.
  template <typename Product>
  __device__ void multiply(Product& product, std::int32_t s, int pass) {
    const Warp warp = this_warp();
    if (!takes_part(warp)) return;
    copies_.template wait<kInputPlaces - 1>();
    device::warp_barrier();  // other lanes have copied a part of the rows
    product.multiply_inputs(
        {{rows(warp, place(s, pass)), input_stride(run_.shape)}, weights(warp) + warp.lane, tiles(warp)}, rows_of(pass),
        sums(s, pass));
    device::warp_barrier();  // behind it no lane reads these rows any more
    ask(warp, s, pass + kInputPlaces);
  }

  /// The sums of x W that all warps have made for a pass, after a barrier of the block.
  __device__ float* sums(std::int32_t s, int pass) const {
    const PersistentShape& shape = run_.shape;
    return reinterpret_cast<float*>(memory_ + run_.layout.input_sums) +
           place(s, pass) * (shape.input_k_warps * Counts::kPassRows * shape.sum_stride(Formula::kGates));
  }

 private:
  static constexpr int kPerWord = OperandTraits<Operand>::kPerWord;
  /// Neighbouring lanes that read one row of x together.
  static constexpr int kRowLanes = device::kTileWords;
  static constexpr int kRowsAtOnce = device::kWarpLanes / kRowLanes;

  struct Warp {
    int index;  ///< of the block
    int lane;
  };

  __device__ static Warp this_warp() {
    const auto thread = static_cast<int>(device::opaque(device::thread_index().x));
    return {thread / device::kWarpLanes, thread % device::kWarpLanes};
  }

  __device__ int k_warp(const Warp& warp) const { return warp.index / run_.shape.unit_warps; }
  __device__ bool takes_part(const Warp& warp) const { return k_warp(warp) < run_.shape.input_k_warps; }
  __device__ int tiles(const Warp& warp) const { return run_.shape.of_inputs().tiles_of(k_warp(warp)); }

  __device__ device::Words4* weights(const Warp& warp) const {
    return reinterpret_cast<device::Words4*>(memory_ + run_.layout.input_weights) +
           warp.index * run_.shape.of_inputs().warp_tiles() * Layout::kVectors * device::kWarpLanes;
  }

  __device__ std::uint32_t* rows(const Warp& warp, int place) const {
    return reinterpret_cast<std::uint32_t*>(memory_ + run_.layout.input_rows) +
           (warp.index * kInputPlaces + place) * input_place_words(run_.shape, Counts::kPassRows);
  }

  /// Passes of a step.
  __device__ int passes() const {
    return Counts::kPasses == 1 ? 1 : (team_.rows + Counts::kPassRows - 1) / Counts::kPassRows;
  }

  /// Which of the kInputPlaces a pass uses: passes use them cyclically.
  __device__ int place(std::int32_t s, int pass) const {
    return static_cast<int>(device::opaque(static_cast<unsigned>(s) * passes() + pass) % kInputPlaces);
  }

  __device__ int rows_of(int pass) const {
    const int left = team_.rows - pass * Counts::kPassRows;
    return left < Counts::kPassRows ? left : Counts::kPassRows;
  }

  __device__ void clear_rows(const Warp& warp) {
    auto* words = reinterpret_cast<device::Words4*>(rows(warp, 0));
    const int count = kInputPlaces * input_place_words(run_.shape, Counts::kPassRows) / 4;
    for (int i = warp.lane; i < count; i += device::kWarpLanes) words[i] = {};
    device::warp_barrier();
  }

  /// Asks for the rows of a pass, which is counted from the first pass of step s on.
  __device__ void ask(const Warp& warp, std::int32_t s, int pass) {
    for (; pass >= passes(); pass -= passes()) ++s;
    if (s < team_.steps.last) bring(warp, s, pass);
    copies_.commit();
  }

  __device__ void bring(const Warp& warp, std::int32_t s, int pass) {
    const RunInputs<Element>& x = run_.x;
    const int first = k_warp(warp) * run_.shape.of_inputs().warp_tiles() * device::kTileWords * kPerWord;
    const int range = tiles(warp) * device::kTileWords * kPerWord;
    const int count = x.I - first < range ? x.I - first : range;
    const int lane = warp.lane % kRowLanes;
    RONDO_KEEP_LOOP
    for (int row = warp.lane / kRowLanes; row < rows_of(pass); row += kRowsAtOnce) {
      const std::int32_t b = team_.first_row + pass * Counts::kPassRows + row;
      const std::int64_t t = run_.schedule.read_time(s, b);
      // The row keeps what it has: it is dead in this step, which a packed x has no row for.
      if (x.strides.first_rows != nullptr && t >= run_.schedule.length(b)) continue;
      const Element* source = x.data + x.strides.offset(t, b) + first;
      std::uint32_t* words = rows(warp, place(s, pass)) + row * input_stride(run_.shape);
      if (kPerWord == 1 || x.in_words) {
        copy_words(words, reinterpret_cast<const std::uint32_t*>(source), count / kPerWord, lane);
      } else {
        copy_elements(reinterpret_cast<Element*>(words), source, count, lane);
      }
    }
  }

  __device__ void copy_words(std::uint32_t* target, const std::uint32_t* source, int count, int first) {
    RONDO_KEEP_LOOP
    for (int i = first; i < count; i += kRowLanes) copies_.copy(target + i, source + i);
  }

  /// Copies a row that does not consist of whole words. kTogether elements are in flight at once.
  __device__ static void copy_elements(Element* target, const Element* source, int count, int first) {
    constexpr int kTogether = 4;
    RONDO_KEEP_LOOP
    for (int at = first; at < count; at += kTogether * kRowLanes) {
      Element elements[kTogether];
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        if (at + i * kRowLanes < count) elements[i] = source[at + i * kRowLanes];
      }
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        if (at + i * kRowLanes < count) target[at + i * kRowLanes] = elements[i];
      }
    }
  }

  const PersistentRun<Element>& run_;
  std::byte* const memory_;
  const TeamSteps team_;
  device::AsyncCopies copies_;
};

}  // namespace rondo
