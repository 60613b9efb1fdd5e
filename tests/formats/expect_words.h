/// Fails unless a call throws `ValueError` whose message contains some words.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rondo/error.h"

namespace rondo::test {

template <typename Call>
void expect_words(const Call& call, const std::vector<std::string>& words) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const ValueError& error) {
    for (const std::string& word : words) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << "'" << word << "' in: " << error.what();
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another type of exception: " << error.what();
  }
}

}  // namespace rondo::test
