// The parts of errors, and the log sink.

#include "rondo/vocabulary/error.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/log.h"
#include "vocabulary/log.h"

namespace rondo {
namespace {

TEST(Error, KeepsItsParts) {
  try {
    throw ValueError("units", "0", "at least 1");
  } catch (const Error& error) {
    EXPECT_EQ(error.argument(), "units");
    EXPECT_EQ(error.came(), "0");
    EXPECT_EQ(error.expected(), "at least 1");
    EXPECT_STREQ(error.what(), "units: got 0, expected at least 1");
  }
}

TEST(Error, HasNoPartsWhereItsMessageHasNone) {
  const RuntimeError error("the disk is full");
  const RuntimeError copy = error;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.argument() + copy.came() + copy.expected(), "");
  EXPECT_STREQ(copy.what(), "the disk is full");
}

TEST(Error, ThatMemoryIsOutHasATypeOfItsOwn) {
  EXPECT_THROW((void)Tensor::empty({std::int64_t{1} << 56}, DType::f32), OutOfMemory);
  static_assert(std::is_base_of_v<RuntimeError, OutOfMemory> && std::is_base_of_v<RuntimeError, DeviceError>);
}

TEST(Log, GoesToTheSink) {
  std::vector<std::pair<LogLevel, std::string>> lines;
  set_log_sink([&](LogLevel level, std::string_view message) { lines.emplace_back(level, message); });
  log(LogLevel::warning, "slow");
  log(LogLevel::info, "fine");
  set_log_sink(nullptr);
  const std::vector<std::pair<LogLevel, std::string>> expected{{LogLevel::warning, "slow"}, {LogLevel::info, "fine"}};
  EXPECT_EQ(lines, expected);
}

TEST(Log, WritesWarningsAloneToStderrWithoutASink) {
  ::testing::internal::CaptureStderr();
  log(LogLevel::warning, "slow");
  log(LogLevel::info, "fine");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "rondo: slow\n");
}

}  // namespace
}  // namespace rondo
