/// Which sequence has which place among the states of a server.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "serving/slot_table.h"
#include "serving/stream_key.h"

namespace rondo {

/// Where a request finds its sequence.
struct SequencePlace {
  std::int64_t place = 0;  ///< from 0 to the number of places
  bool evicted = false;    ///< another sequence lost the place
};

/// Places of sequences. A sequence that does not end loses its place when it is idle, or when another sequence needs
/// one: then the one that has been idle longest goes.
class SequenceTable {
 public:
  using Clock = std::chrono::steady_clock;

  /// `places` is at least the number of requests of a batch.
  explicit SequenceTable(std::int64_t places);

  /// Begins a batch at `now`.
  void begin(Clock::time_point now);
  /// The place of the sequence of a request of this batch, which `starts` anew or goes on. Throws `ValueError` for a
  /// sequence that is unknown and does not start, and for a second request of a sequence in this batch; `RuntimeError`
  /// where the sequences of this batch have all places.
  SequencePlace take(const StreamKey& sequence, bool starts);
  /// Ends a sequence, if it has a place.
  void end(const StreamKey& sequence);
  /// Evicts sequences without a request for longer than `idle`. Returns how many.
  std::int64_t evict_idle(std::chrono::nanoseconds idle);
  /// The number of sequences that have places.
  std::int64_t size() const { return static_cast<std::int64_t>(place_of_.size()); }

 private:
  struct Place {
    StreamKey sequence = {};  ///< where the place is taken
    std::uint64_t batch = 0;  ///< of the sequence's last request
  };

  std::int64_t longest_idle() const;
  void clear(std::int64_t place);

  std::unordered_map<StreamKey, std::int64_t, StreamKeyHash> place_of_;
  std::vector<Place> places_;
  SlotTable slots_;  // which places are taken, and which sequence has been idle longest
  Clock::time_point now_ = {};
  std::uint64_t batch_ = 0;
};

}  // namespace rondo
