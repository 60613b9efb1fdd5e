/// Expecting an error by its type and its message.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace rondo::test {

/// Calls `call`, which must throw an `Expected`, and hands its message to `check`.
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
template <typename Expected, typename Call>
void expect_error(std::initializer_list<const char*> words, const Call& call) {
  expect_error_that<Expected>(call, [&](const std::string& actual) {
    for (const char* word : words) {
      EXPECT_NE(actual.find(word), std::string::npos) << "no '" << word << "' in: " << actual;
    }
  });
}

}  // namespace rondo::test
