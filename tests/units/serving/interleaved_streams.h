/// Streams of a pool in any order, each of which must emit what it emits alone.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "random_stack.h"
#include "rondo/serving/state_pool.h"

namespace rondo::test {

/// What is tried with a pool: calls of random streams and chunks, starts within a stream's life, ends, evictions, and
/// states that move to other slots. Every stream follows one of a few tracks, of which the outputs are known.
class InterleavedStreams {
 public:
  /// `alone` gives the outputs (L, O) of one stream x (L, I), both on the CPU.
  using Alone = std::function<Tensor(const Tensor& x)>;
  InterleavedStreams(Random& random, const LoadedNetwork& network, const StatePoolOptions& options, const Alone& alone);

  /// Does one random thing, and checks what the pool wrote.
  void act();
  /// How often each thing was done.
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  static constexpr std::int64_t kSteps = 24;  ///< of a track

  struct Track {
    Tensor x;                                                    ///< (kSteps, I)
    Tensor y;                                                    ///< (kSteps, O), as the stream alone emits it
    std::map<std::int64_t, std::vector<std::byte>> states = {};  ///< as exported, by the number of steps before
  };
  struct Stream {
    std::size_t track = 0;
    std::int64_t step = 0;  ///< the next one
  };

  void open();
  void call();
  void move();
  void close();
  StreamChunk draw_chunk(std::int64_t slot);
  std::int64_t random_slot();
  void check_state(std::int64_t slot);
  void fill(const std::vector<StreamChunk>& chunks, const Tensor& x, const Tensor& expected);

  Random& random_;
  StatePool pool_;
  std::vector<Track> tracks_;
  std::map<std::int64_t, Stream> streams_;  ///< by slot
  std::map<std::string, int> counts_;
};

}  // namespace rondo::test
