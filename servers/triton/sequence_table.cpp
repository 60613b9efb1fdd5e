#include "sequence_table.h"

#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::triton {

std::string describe(const StreamKey& sequence) {
  if (const auto* const number = std::get_if<std::uint64_t>(&sequence)) return "sequence " + std::to_string(*number);
  return "sequence '" + std::get<std::string>(sequence) + "'";
}

SequenceTable::SequenceTable(std::int64_t places) : places_(static_cast<std::size_t>(places)) {
  place_of_.reserve(places_.size());
  free_.reserve(places_.size());
  for (std::int64_t place = places; place > 0; --place) free_.push_back(place - 1);
}

void SequenceTable::begin(Clock::time_point now) {
  now_ = now;
  ++batch_;
}

SequencePlace SequenceTable::take(const StreamKey& sequence, bool starts) {
  SequencePlace result;
  if (const auto found = place_of_.find(sequence); found != place_of_.end()) {
    result.place = found->second;
    if (places_[static_cast<std::size_t>(result.place)].batch == batch_)
      throw ValueError(describe(sequence), "two requests in one batch", "one after the other");
  } else {
    if (!starts) {
      throw ValueError(describe(sequence),
                       "a request of a sequence that has not begun, has ended, or was idle too long",
                       "one with sequence_start");
    }
    if (free_.empty()) {
      clear(longest_idle());
      result.evicted = true;
    }
    result.place = free_.back();
    free_.pop_back();
    place_of_.emplace(sequence, result.place);
    places_[static_cast<std::size_t>(result.place)].sequence = sequence;
  }
  Place& place = places_[static_cast<std::size_t>(result.place)];
  place.last = now_;
  place.batch = batch_;
  return result;
}

void SequenceTable::end(const StreamKey& sequence) {
  if (const auto found = place_of_.find(sequence); found != place_of_.end()) clear(found->second);
}

std::int64_t SequenceTable::evict_idle(std::chrono::nanoseconds idle) {
  std::int64_t evicted = 0;
  for (std::size_t k = 0; k < places_.size(); ++k) {
    if (!places_[k].sequence || now_ - places_[k].last <= idle) continue;
    clear(static_cast<std::int64_t>(k));
    ++evicted;
  }
  return evicted;
}

/// Of a full table, the place whose sequence is not in this batch and had no request for the longest time.
std::int64_t SequenceTable::longest_idle() const {
  std::size_t longest = 0;
  bool found = false;
  for (std::size_t k = 0; k < places_.size(); ++k) {
    if (places_[k].batch == batch_ || (found && places_[k].last >= places_[longest].last)) continue;
    longest = k;
    found = true;
  }
  if (!found) throw RuntimeError("rondo: a batch has more sequences than the instance has places");
  return static_cast<std::int64_t>(longest);
}

void SequenceTable::clear(std::int64_t place) {
  Place& cleared = places_[static_cast<std::size_t>(place)];
  place_of_.erase(*cleared.sequence);
  cleared.sequence.reset();
  free_.push_back(place);
}

}  // namespace rondo::triton
