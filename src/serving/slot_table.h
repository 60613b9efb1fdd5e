/// Which slots of a pool have a stream, and which stream was used the longest ago.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace rondo {

/// Slots 0 .. count - 1, at most 2^31 - 1, each free or open. Every member takes the same time for any number of slots,
/// and allocates nothing after the constructor.
class SlotTable {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit SlotTable(std::int64_t count);

  std::int64_t open_count() const { return open_count_; }
  /// False for a slot that does not exist.
  bool is_open(std::int64_t slot) const { return slot >= 0 && slot < count() && entries_[index(slot)].open; }

  /// Opens a free slot, which is fresh then; absent: none is free. The slot that became free last is taken first: its
  /// states are the likeliest to be in a cache.
  std::optional<std::int64_t> open(Time now);
  /// Frees an open slot.
  void close(std::int64_t slot);
  /// Notes that an open slot is used now.
  void touch(std::int64_t slot, Time now);

  /// The open slot that was used the longest ago; absent: none is open.
  std::optional<std::int64_t> oldest() const;
  Time last_use(std::int64_t slot) const { return entries_[index(slot)].last_use; }

  /// Whether the stream of an open slot has no state yet, and so begins at the rest state.
  bool is_fresh(std::int64_t slot) const { return entries_[index(slot)].fresh; }
  void set_fresh(std::int64_t slot, bool fresh) { entries_[index(slot)].fresh = fresh; }

 private:
  static constexpr std::int32_t kNone = -1;

  /// A slot is in one of two lists: free slots are linked by `next` alone, open ones from the newest to the oldest.
  struct Entry {
    std::int32_t newer = kNone;
    std::int32_t next = kNone;
    Time last_use = {};
    bool open = false;
    bool fresh = false;
  };

  static std::size_t index(std::int64_t slot) { return static_cast<std::size_t>(slot); }
  std::int64_t count() const { return static_cast<std::int64_t>(entries_.size()); }
  void link(std::int32_t slot);
  void unlink(std::int32_t slot);

  std::vector<Entry> entries_;
  std::int32_t first_free_ = kNone;
  std::int32_t newest_ = kNone;
  std::int32_t oldest_ = kNone;
  std::int64_t open_count_ = 0;
};

}  // namespace rondo
