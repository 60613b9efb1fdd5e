/// How the blocks of a team tell each other h: the interface of all exchanges, and the one of a team of a single block.
/// All exchanges have the same interface:
///
///     kInFlight                whether operands can be asked for before a product waits for them
///     begin()                  once, before anything else; a barrier
///     push(rows, value, wanted)  by all lanes of a warp: if wanted, `value` is h in the unit of this thread, for the
///                              row that is `rows` behind the thread's first
///     push<kGate>(...)         the same for dG of a gate, in kernels of gradients
///     end_pushes()             when a thread has pushed all of its rows
///     end_pushes<kGates>()     likewise, where it has pushed dG of kGates gates
///     make_room(rows, wanted)  after end_pushes, for each row that the thread has pushed: if kMakesRoom
///     make_room<kGate>(...)    likewise
///     wait(first_row)          until the pushes of all blocks have arrived, or until operands may be asked for
///     wait<kTerms>(first_row)  likewise, where a row has kTerms times as many tiles as k
///     operands(first_row)      the rows of h from there on, for a product, which may have to wait for them
///     order(first_row)         when the operands have arrived, before a barrier of the block and the next push
///     given_up()               after the product and a barrier of the block: not 0 if some warp has given up waiting
///     report(flags, step)      by one thread, where given_up() has not been 0 in that step
///     end()                    once, after everything else
///
/// A grid with more rows than a product takes performs wait, product and push for one pass of rows after the other, and
/// ends its pushes after the last pass. The following argument holds for the rows of each such pass.
///
/// Between a wait and the next push to the same place lies a barrier of the block, after which no warp reads the words
/// that have arrived; and a block pushes for exchange e + 1 after its wait for exchange e. Two places, used
/// alternately, are therefore enough: a block that pushes exchange e + 2 has received exchange e + 1 from all blocks,
/// and a block that has pushed exchange e + 1 has finished with exchange e.
#pragma once

#include "cuda/device/collectives.cuh"
#include "cuda/persistent/kernel/own_operands.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"

namespace rondo {

/// The exchange of a team of one block: its shared memory and its barrier.
template <typename Operand>
class BlockExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::block;
  static constexpr GridWords kWords = GridWords::none;
  static constexpr bool kInFlight = false;
  static constexpr bool kMakesRoom = false;

  __device__ explicit BlockExchange(const ExchangePlace& place) : place_(place), own_(place, place.shape.H) {}

  __device__ void begin() { device::block_barrier(); }

  template <int kGate = 0>
  __device__ void push(int rows, float value, bool wanted) {
    own_.template push<kGate>(place_, reinterpret_cast<std::byte*>(place_.operands), rows, value, wanted);
  }

  template <int kGates = 1>
  __device__ void end_pushes() {}
  template <int kTerms = 1>
  __device__ void wait(int) {
    device::block_barrier();
  }
  __device__ SharedOperands operands(int) const { return {place_.operands, place_.shape.row_stride()}; }
  __device__ void order(int) const {}
  __device__ std::uint32_t given_up() const { return 0; }
  __device__ void report(std::uint32_t*, std::int32_t) const {}
  __device__ void end() {}

 private:
  const ExchangePlace place_;
  const OwnOperands<Operand> own_;
};

}  // namespace rondo
