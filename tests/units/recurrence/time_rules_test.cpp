// The rules of time of each API, against the table of docs/design/architecture.md.

#include "rondo/recurrence/time_rules.h"

#include <gtest/gtest.h>

namespace rondo {
namespace {

constexpr TimeRules kForwardInInputOrder{ReadOrder::forward, WriteOrder::input, DeadOutput::zeros};

TEST(TimeRules, OfKeras) {
  EXPECT_EQ(TimeRules::keras(false, false),
            (TimeRules{ReadOrder::forward, WriteOrder::processing, DeadOutput::previous_output}));
  EXPECT_EQ(TimeRules::keras(true, false),
            (TimeRules{ReadOrder::reversed, WriteOrder::processing, DeadOutput::previous_output}));
  EXPECT_EQ(TimeRules::keras(false, true), (TimeRules{ReadOrder::forward, WriteOrder::processing, DeadOutput::zeros}));
  EXPECT_EQ(TimeRules::keras(true, true), (TimeRules{ReadOrder::reversed, WriteOrder::processing, DeadOutput::zeros}));
  EXPECT_EQ(TimeRules(), TimeRules::keras(false, false));
}

TEST(TimeRules, OfContrib) {
  EXPECT_EQ(TimeRules::contrib(false),
            (TimeRules{ReadOrder::forward, WriteOrder::processing, DeadOutput::incoming_state}));
  EXPECT_EQ(TimeRules::contrib(true),
            (TimeRules{ReadOrder::reversed, WriteOrder::processing, DeadOutput::incoming_state}));
}

TEST(TimeRules, OfDynamicRnn) {
  EXPECT_EQ(TimeRules::dynamic_rnn(), kForwardInInputOrder);
  EXPECT_EQ(TimeRules::dynamic_rnn_backward(),
            (TimeRules{ReadOrder::reversed_within_length, WriteOrder::input, DeadOutput::zeros}));
}

TEST(TimeRules, OfOnnx) {
  for (const bool has_lengths : {false, true}) EXPECT_EQ(TimeRules::onnx(false, has_lengths), kForwardInInputOrder);
  EXPECT_EQ(TimeRules::onnx(true, true),
            (TimeRules{ReadOrder::reversed_within_length, WriteOrder::input, DeadOutput::zeros}));
  EXPECT_EQ(TimeRules::onnx(true, false), (TimeRules{ReadOrder::reversed, WriteOrder::input, DeadOutput::zeros}));
}

TEST(TimeRules, OfTheHalvesOfBidirectional) {
  EXPECT_EQ(TimeRules::keras(true, false).in_input_order(),
            (TimeRules{ReadOrder::reversed, WriteOrder::input, DeadOutput::previous_output}));
  EXPECT_EQ(TimeRules::keras(false, true).in_input_order(), kForwardInInputOrder);
}

TEST(TimeRules, SayWhatTheyKeep) {
  EXPECT_TRUE(TimeRules::keras(false, false).reads_forward());
  EXPECT_FALSE(TimeRules::keras(true, false).reads_forward());
  EXPECT_FALSE(TimeRules::dynamic_rnn_backward().reads_forward());
  EXPECT_TRUE(TimeRules::keras(false, false).keeps_input_order());
  EXPECT_FALSE(TimeRules::keras(true, false).keeps_input_order());
  EXPECT_TRUE(TimeRules::keras(true, false).in_input_order().keeps_input_order());
  EXPECT_TRUE(TimeRules::keras(false, false).repeats_outputs());
  EXPECT_FALSE(TimeRules::keras(false, true).repeats_outputs());
  EXPECT_FALSE(TimeRules::contrib(false).repeats_outputs());
}

}  // namespace
}  // namespace rondo
