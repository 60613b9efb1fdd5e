#include "serving/slot_table.h"

namespace rondo {

SlotTable::SlotTable(std::int64_t count) : entries_(static_cast<std::size_t>(count)) {
  for (auto slot = static_cast<std::int32_t>(count - 1); slot >= 0; --slot) {
    entries_[index(slot)].next = first_free_;
    first_free_ = slot;
  }
}

std::optional<std::int64_t> SlotTable::open(Time now) {
  if (first_free_ == kNone) return std::nullopt;
  const std::int32_t slot = first_free_;
  Entry& entry = entries_[index(slot)];
  first_free_ = entry.next;
  entry.open = true;
  entry.fresh = true;
  entry.last_use = now;
  link(slot);
  ++open_count_;
  return slot;
}

void SlotTable::close(std::int64_t slot) {
  const auto place = static_cast<std::int32_t>(slot);
  unlink(place);
  Entry& entry = entries_[index(slot)];
  entry.open = false;
  entry.next = first_free_;
  first_free_ = place;
  --open_count_;
}

void SlotTable::touch(std::int64_t slot, Time now) {
  entries_[index(slot)].last_use = now;
  if (slot == newest_) return;
  unlink(static_cast<std::int32_t>(slot));
  link(static_cast<std::int32_t>(slot));
}

std::optional<std::int64_t> SlotTable::oldest() const {
  return oldest_ == kNone ? std::nullopt : std::optional<std::int64_t>(oldest_);
}

// Makes a slot the newest one.
void SlotTable::link(std::int32_t slot) {
  Entry& entry = entries_[index(slot)];
  entry.newer = kNone;
  entry.next = newest_;
  if (newest_ != kNone) entries_[index(newest_)].newer = slot;
  newest_ = slot;
  if (oldest_ == kNone) oldest_ = slot;
}

void SlotTable::unlink(std::int32_t slot) {
  const Entry& entry = entries_[index(slot)];
  (entry.newer == kNone ? newest_ : entries_[index(entry.newer)].next) = entry.next;
  (entry.next == kNone ? oldest_ : entries_[index(entry.next)].newer) = entry.newer;
}

}  // namespace rondo
