#include "serving/slot_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/random.h"

namespace rondo::test {
namespace {

// The list of open slots, from the one that was used the longest ago, beside the table.
TEST(SlotTable, IsAListInTheOrderOfUse) {
  constexpr std::int64_t kSlots = 6;
  Random random(4);
  SlotTable table(kSlots);
  std::vector<std::int64_t> open;
  SlotTable::Time now = {};
  for (int k = 0; k < 5000; ++k) {
    now += std::chrono::seconds(1);
    const std::int64_t slot = random.integer(0, kSlots - 1);
    const auto place = std::ranges::find(open, slot);
    ASSERT_EQ(table.is_open(slot), place != open.end());
    const std::int64_t choice = random.integer(0, 3);
    if (place == open.end() || choice == 0) {
      const auto opened = table.open(now);
      ASSERT_EQ(opened.has_value(), open.size() < kSlots);
      if (!opened) continue;
      ASSERT_EQ(std::ranges::count(open, *opened), 0);
      ASSERT_TRUE(table.is_fresh(*opened));
      open.push_back(*opened);
    } else {
      open.erase(place);
      if (choice == 1) {
        table.close(slot);
      } else {
        table.touch(slot, now);
        table.set_fresh(slot, false);
        open.push_back(slot);
        ASSERT_EQ(table.last_use(slot), now);
      }
    }
    ASSERT_EQ(table.open_count(), static_cast<std::int64_t>(open.size()));
    ASSERT_EQ(table.oldest(), open.empty() ? std::nullopt : std::optional(open.front()));
  }
}

}  // namespace
}  // namespace rondo::test
