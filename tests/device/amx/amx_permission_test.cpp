#include "cpu/fused/amx.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace rondo::fused {
namespace {

int asked = 0;

int grant() {
  ++asked;
  return 0;
}
int refuse() { return EPERM; }

TEST(AmxPermission, IsAskedForWhereTheProcessorHasAmx) {
  asked = 0;
  const AmxPermission granted = ask_for_amx("avx512f amx_tile amx_bf16 amx_int8", grant);
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(granted.has_instructions);
  EXPECT_EQ(granted.obstacle, "");
  EXPECT_EQ(granted.refusal_in_words(), "");
}

TEST(AmxPermission, IsNotAskedForElsewhere) {
  asked = 0;
  for (const char* features : {"avx512f amx_tile amx_int8 amx_bf16_of_another", "amx_bf16"}) {
    const AmxPermission none = ask_for_amx(features, grant);
    EXPECT_EQ(asked, 0);
    EXPECT_FALSE(none.has_instructions);
    EXPECT_EQ(none.obstacle, "the processor has no AMX for bf16 and int8");
    EXPECT_EQ(none.refusal_in_words(), "");
  }
}

TEST(AmxPermission, MayBeRefused) {
  const AmxPermission refused = ask_for_amx("amx_bf16 amx_int8", refuse);
  EXPECT_TRUE(refused.has_instructions);
  EXPECT_EQ(refused.obstacle, "the operating system refuses AMX's registers: Operation not permitted");
  EXPECT_EQ(refused.refusal_in_words(), "; " + refused.obstacle);
}

}  // namespace
}  // namespace rondo::fused
