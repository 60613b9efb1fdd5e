#include "sequence_table.h"

#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo {

SequenceTable::SequenceTable(std::int64_t places) : places_(static_cast<std::size_t>(places)), slots_(places) {
  place_of_.reserve(places_.size());
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
      throw ValueError("sequence " + describe(sequence), "two requests in one batch", "one after the other");
    slots_.touch(result.place, now_);
  } else {
    if (!starts) {
      throw ValueError("sequence " + describe(sequence),
                       "a request of a sequence that has not begun, has ended, or was idle too long",
                       "one that starts it");
    }
    if (slots_.open_count() == static_cast<std::int64_t>(places_.size())) {
      clear(longest_idle());
      result.evicted = true;
    }
    result.place = slots_.open(now_).value();
    place_of_.emplace(sequence, result.place);
    places_[static_cast<std::size_t>(result.place)].sequence = sequence;
  }
  places_[static_cast<std::size_t>(result.place)].batch = batch_;
  return result;
}

void SequenceTable::end(const StreamKey& sequence) {
  if (const auto found = place_of_.find(sequence); found != place_of_.end()) clear(found->second);
}

std::int64_t SequenceTable::evict_idle(std::chrono::nanoseconds idle) {
  std::int64_t evicted = 0;
  for (auto oldest = slots_.oldest(); oldest && now_ - slots_.last_use(*oldest) > idle; oldest = slots_.oldest()) {
    clear(*oldest);
    ++evicted;
  }
  return evicted;
}

/// Of a full table, whose sequences were not all in this batch.
std::int64_t SequenceTable::longest_idle() const {
  const std::int64_t place = slots_.oldest().value();
  if (places_[static_cast<std::size_t>(place)].batch == batch_)
    throw RuntimeError("a batch has more sequences than there are places");
  return place;
}

void SequenceTable::clear(std::int64_t place) {
  place_of_.erase(places_[static_cast<std::size_t>(place)].sequence);
  slots_.close(place);
}

}  // namespace rondo
