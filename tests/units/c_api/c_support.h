/// What the tests of rondo_c.h share.
#pragma once

#include <gtest/gtest.h>
#include <rondo_c.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace rondo {

/// A tensor of f32 with memory of its own, and the struct that describes it.
struct CTensor {
  CTensor(std::initializer_list<std::int64_t> sizes, float value) : shape(sizes) {
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    values.assign(count, value);
    EXPECT_EQ(rondo_dl_view(values.data(), static_cast<std::int32_t>(shape.size()), shape.data(), &view), RONDO_OK);
  }
  CTensor(const CTensor&) = delete;
  CTensor& operator=(const CTensor&) = delete;

  /// A copy that a function may take.
  rondo_dl_managed* copy() const {
    rondo_dl_managed* managed = nullptr;
    EXPECT_EQ(rondo_dl_copy(&view, &managed), RONDO_OK);
    return managed;
  }

  std::vector<std::int64_t> shape;
  std::vector<float> values;
  rondo_dl_tensor view = {};
};

/// A struct of rondo_c.h with its size set.
template <typename Struct>
Struct sized() {
  Struct value = {};
  value.struct_size = sizeof(Struct);
  return value;
}

/// A text that the library gave.
inline std::string taken(char* text) {
  std::string copy = text == nullptr ? "" : text;
  rondo_free(text);
  return copy;
}

/// An LSTM with T 5, B 2, I 3 and H 4.
inline rondo_recurrence small_lstm() {
  auto recurrence = sized<rondo_recurrence>();
  recurrence.T = 5;
  recurrence.B = 2;
  recurrence.I = 3;
  recurrence.H = 4;
  return recurrence;
}

inline rondo_weights small_weights() {
  auto weights = sized<rondo_weights>();
  weights.kernel = CTensor({3, 16}, 0.1F).copy();
  weights.recurrent_kernel = CTensor({4, 16}, 0.2F).copy();
  weights.bias = CTensor({16}, 0.3F).copy();
  return weights;
}

inline rondo_plan* small_plan() {
  const rondo_recurrence recurrence = small_lstm();
  rondo_plan* plan = nullptr;
  EXPECT_EQ(rondo_plan_create(&recurrence, nullptr, &plan), RONDO_OK) << rondo_last_error();
  return plan;
}

inline rondo_session* small_session() {
  rondo_plan* plan = small_plan();
  const rondo_weights weights = small_weights();
  rondo_session* session = nullptr;
  EXPECT_EQ(rondo_session_create(plan, &weights, &session), RONDO_OK) << rondo_last_error();
  EXPECT_EQ(rondo_plan_close(plan), RONDO_OK);
  return session;
}

/// That a call failed with this status, and a message that has `text`.
inline void expect_failed(rondo_status came, rondo_status expected, const std::string& text) {
  EXPECT_STREQ(rondo_status_name(came), rondo_status_name(expected)) << rondo_last_error();
  EXPECT_NE(std::string(rondo_last_error()).find(text), std::string::npos) << rondo_last_error();
}

}  // namespace rondo
