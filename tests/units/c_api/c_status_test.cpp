#include <cstring>
#include <limits>
#include <thread>

#include "units/c_api/c_support.h"

namespace rondo {
namespace {

TEST(CStatus, VersionsAreThoseOfTheHeader) {
  EXPECT_EQ(rondo_c_version(), RONDO_C_VERSION);
  EXPECT_STREQ(rondo_version(), RONDO_EXPECTED_VERSION);
}

TEST(CStatus, EveryStatusHasItsName) {
  EXPECT_STREQ(rondo_status_name(RONDO_OK), "RONDO_OK");
  EXPECT_STREQ(rondo_status_name(RONDO_INTERNAL_ERROR), "RONDO_INTERNAL_ERROR");
  EXPECT_STREQ(rondo_status_name(-1), "unknown status");
  EXPECT_STREQ(rondo_status_name(9), "unknown status");
}

TEST(CStatus, AnErrorNamesArgumentWhatCameAndWhatWasExpected) {
  rondo_recurrence recurrence = small_lstm();
  recurrence.cell = 17;
  rondo_plan* plan = reinterpret_cast<rondo_plan*>(&recurrence);
  expect_failed(rondo_plan_create(&recurrence, nullptr, &plan), RONDO_INVALID_VALUE, "cell: got 17, expected 0 to 3");
  EXPECT_EQ(plan, nullptr);
  auto error = sized<rondo_error>();
  ASSERT_EQ(rondo_last_error_parts(&error), RONDO_OK);
  EXPECT_EQ(error.status, RONDO_INVALID_VALUE);
  EXPECT_STREQ(error.message, rondo_last_error());
  EXPECT_STREQ(error.argument, "cell");
  EXPECT_STREQ(error.came, "17");
  EXPECT_STREQ(error.expected, "0 to 3");
}

TEST(CStatus, EachThreadHasItsOwnError) {
  expect_failed(rondo_plan_explain(nullptr, nullptr), RONDO_INVALID_VALUE, "text");
  const std::string mine = rondo_last_error();
  std::thread([] {
    EXPECT_STREQ(rondo_last_error(), "");
    rondo_session_run(nullptr, nullptr);
  }).join();
  EXPECT_EQ(rondo_last_error(), mine);
}

TEST(CStatus, ASuccessKeepsTheLastError) {
  rondo_session_run(nullptr, nullptr);
  const std::string before = rondo_last_error();
  EXPECT_EQ(rondo_plan_close(nullptr), RONDO_OK);
  EXPECT_EQ(rondo_last_error(), before);
}

TEST(CStructs, ASizeThatNoVersionHasIsRefused) {
  rondo_plan* plan = nullptr;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{8}, std::size_t{20}, std::size_t{4104}, std::numeric_limits<std::size_t>::max()}) {
    rondo_recurrence recurrence = small_lstm();
    recurrence.struct_size = size;
    expect_failed(rondo_plan_create(&recurrence, nullptr, &plan), RONDO_INVALID_VALUE,
                  "recurrence->struct_size: got " + std::to_string(size));
  }
  rondo_error error = {};
  expect_failed(rondo_last_error_parts(&error), RONDO_INVALID_VALUE, "error->struct_size: got 0");
  expect_failed(rondo_last_error_parts(nullptr), RONDO_INVALID_VALUE, "error: got null");
  expect_failed(rondo_plan_create(nullptr, nullptr, &plan), RONDO_INVALID_VALUE, "recurrence: got null");
  const rondo_recurrence recurrence = small_lstm();
  expect_failed(rondo_plan_create(&recurrence, nullptr, nullptr), RONDO_INVALID_VALUE, "plan: got null");
}

// A caller that was compiled when rondo_recurrence ended after H.
TEST(CStructs, MembersThatAnOlderCallerLacksHaveTheirDefaults) {
  struct OldRecurrence {
    std::size_t struct_size;
    std::int32_t cell, dtype;
    std::int64_t T, B, I, H;
    std::byte behind[256];
  };
  OldRecurrence old = {.struct_size = offsetof(OldRecurrence, behind),
                       .cell = RONDO_GRU,
                       .dtype = RONDO_F64,
                       .T = 5,
                       .B = 2,
                       .I = 3,
                       .H = 4,
                       .behind = {}};
  std::memset(old.behind, 0xEE, sizeof old.behind);  // what stands behind an older struct is not read
  rondo_plan* plan = nullptr;
  ASSERT_EQ(rondo_plan_create(reinterpret_cast<const rondo_recurrence*>(&old), nullptr, &plan), RONDO_OK)
      << rondo_last_error();
  char* text = nullptr;
  ASSERT_EQ(rondo_plan_explain(plan, &text), RONDO_OK);
  const std::string told = taken(text);
  EXPECT_NE(told.find("gru (reset after) H=4 I=3 T=5 B=2 f64"), std::string::npos) << told;
  rondo_plan_close(plan);
}

TEST(CStructs, OnlyMembersThatAnOlderCallerHasAreWritten) {
  rondo_plan* plan = small_plan();
  rondo_plan_info info;
  std::memset(&info, 0x55, sizeof info);
  info.struct_size = offsetof(rondo_plan_info, gate_columns);
  ASSERT_EQ(rondo_plan_describe(plan, &info), RONDO_OK);
  EXPECT_EQ(info.struct_size, offsetof(rondo_plan_info, gate_columns));
  EXPECT_EQ(info.output_units, 4);
  EXPECT_EQ(info.state_count, 2);
  EXPECT_EQ(info.gate_columns, 0x5555555555555555);
  rondo_plan_close(plan);
}

TEST(CStructs, ALaterCallersMembersMustBeZero) {
  struct LaterRecurrence {
    rondo_recurrence known;
    std::int64_t later;
  };
  LaterRecurrence later = {.known = small_lstm(), .later = 0};
  later.known.struct_size = sizeof later;
  rondo_plan* plan = nullptr;
  EXPECT_EQ(rondo_plan_create(&later.known, nullptr, &plan), RONDO_OK) << rondo_last_error();
  rondo_plan_close(plan);
  later.later = 1;
  expect_failed(rondo_plan_create(&later.known, nullptr, &plan), RONDO_INVALID_VALUE, "members beyond the first");

  struct LaterInfo {
    rondo_plan_info known;
    std::int64_t later;
  };
  LaterInfo info = {.known = {}, .later = 7};
  info.known.struct_size = sizeof info;
  plan = small_plan();
  ASSERT_EQ(rondo_plan_describe(plan, &info.known), RONDO_OK);
  EXPECT_EQ(info.known.gate_columns, 16);
  EXPECT_EQ(info.later, 0);
  rondo_plan_close(plan);
}

TEST(CHandles, WhatIsNoHandleOfTheKindIsAnError) {
  rondo_plan* plan = small_plan();
  char* text = nullptr;
  expect_failed(rondo_plan_explain(nullptr, &text), RONDO_INVALID_HANDLE, "plan: got null, expected a plan");
  expect_failed(rondo_session_explain(reinterpret_cast<rondo_session*>(plan), &text), RONDO_INVALID_HANDLE,
                "session: got a plan, expected a session");
  expect_failed(rondo_plan_explain(reinterpret_cast<rondo_plan*>(&plan), &text), RONDO_INVALID_HANDLE, "was closed");
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(rondo_plan_close(plan), RONDO_OK);
  expect_failed(rondo_plan_close(plan), RONDO_INVALID_HANDLE, "was closed");
  expect_failed(rondo_plan_explain(plan, &text), RONDO_INVALID_HANDLE, "was closed");
  EXPECT_NE(small_plan(), plan) << "a handle was used again";
}

}  // namespace
}  // namespace rondo
