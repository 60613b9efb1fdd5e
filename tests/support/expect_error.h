/// Expectations of an error's type and message.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rondo/vocabulary/error.h"

namespace rondo::test {

/// Calls `call`, which must throw an `Expected`, and passes its message to `check`.
template <typename Expected, typename Call, typename Check>
void expect_error_that(const Call& call, const Check& check) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Expected& error) {
    check(std::string(error.what()));
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another type of exception: " << error.what();
  }
}

/// Fails unless `call` throws an `Expected` with exactly this message.
template <typename Expected, typename Call>
void expect_error(const Call& call, const std::string& message) {
  expect_error_that<Expected>(call, [&](const std::string& actual) { EXPECT_EQ(actual, message); });
}

/// Fails unless `call` throws an `Expected` whose message contains each of `words`.
template <typename Expected = ValueError, typename Call>
void expect_words(const Call& call, const std::vector<std::string>& words) {
  expect_error_that<Expected>(call, [&](const std::string& actual) {
    for (const std::string& word : words) {
      EXPECT_NE(actual.find(word), std::string::npos) << "no '" << word << "' in: " << actual;
    }
  });
}

}  // namespace rondo::test
