// The text of the metrics, read back by a parser of the text format.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/serving/stream_batcher.h"
#include "serving/stream_counters.h"
#include "units/serving/prometheus_page.h"

namespace rondo {
namespace {

using test::Labels;
using test::Parsed;
using test::parsed;
using test::value_of;

StreamMetrics some_metrics() {
  StreamMetrics metrics = {.waiting = 3, .open_streams = 5, .evictions = 7, .calls = 6, .rows = 20, .steps = 40};
  metrics.answers = {11, 12, 13, 14, 15, 16};
  metrics.batch_rows[0] = 1;
  metrics.batch_rows[2] = 3;
  metrics.batch_rows[StreamMetrics::kBuckets - 1] = 2;
  metrics.call_microseconds[7] = 6;
  metrics.call_seconds = 0.000625;
  metrics.wait_microseconds[1] = 4;
  metrics.wait_seconds = 1.5;
  return metrics;
}

TEST(Prometheus, HasEveryNumber) {
  const std::vector<ModelMetrics> models = {{.model = "first", .metrics = some_metrics()}, {.model = "second"}};
  const Parsed page = parsed(prometheus(models));
  const Labels model = {{"model", "first"}};
  EXPECT_EQ(value_of(page, "rondo_stream_waiting_requests", model), 3);
  EXPECT_EQ(value_of(page, "rondo_stream_open_streams", model), 5);
  EXPECT_EQ(value_of(page, "rondo_stream_evictions_total", model), 7);
  EXPECT_EQ(value_of(page, "rondo_stream_steps_total", model), 40);
  EXPECT_EQ(value_of(page, "rondo_stream_steps_total", {{"model", "second"}}), 0);
  EXPECT_EQ(value_of(page, "rondo_stream_answers_total", {{"model", "first"}, {"outcome", "done"}}), 11);
  EXPECT_EQ(value_of(page, "rondo_stream_answers_total", {{"model", "first"}, {"outcome", "failed"}}), 16);
  EXPECT_EQ(page.types.at("rondo_stream_waiting_requests"), "gauge");
  EXPECT_EQ(page.types.at("rondo_stream_answers_total"), "counter");
  EXPECT_EQ(page.types.at("rondo_stream_batch_rows"), "histogram");
}

TEST(Prometheus, HistogramsAreCumulative) {
  const ModelMetrics model = {.model = "m", .metrics = some_metrics()};
  const Parsed page = parsed(prometheus({&model, 1}));
  const auto bucket = [&](const std::string& name, const std::string& bound) {
    return value_of(page, name + "_bucket", {{"model", "m"}, {"le", bound}});
  };
  EXPECT_EQ(bucket("rondo_stream_batch_rows", "1"), 1);
  EXPECT_EQ(bucket("rondo_stream_batch_rows", "2"), 1);
  EXPECT_EQ(bucket("rondo_stream_batch_rows", "4"), 4);
  EXPECT_EQ(bucket("rondo_stream_batch_rows", "262144"), 4);
  EXPECT_EQ(bucket("rondo_stream_batch_rows", "+Inf"), 6);
  EXPECT_EQ(value_of(page, "rondo_stream_batch_rows_count", {{"model", "m"}}), 6);
  EXPECT_EQ(value_of(page, "rondo_stream_batch_rows_sum", {{"model", "m"}}), 20);
  EXPECT_EQ(bucket("rondo_stream_call_seconds", "6.4e-05"), 0);
  EXPECT_EQ(bucket("rondo_stream_call_seconds", "0.000128"), 6);
  EXPECT_EQ(value_of(page, "rondo_stream_call_seconds_sum", {{"model", "m"}}), 0.000625);
  EXPECT_EQ(bucket("rondo_stream_wait_seconds", "1e-06"), 0);
  EXPECT_EQ(bucket("rondo_stream_wait_seconds", "2e-06"), 4);
  EXPECT_EQ(value_of(page, "rondo_stream_wait_seconds_sum", {{"model", "m"}}), 1.5);
}

TEST(Prometheus, EscapesTheNameOfAModel) {
  const std::string name = "a \"b\"\\c\nd{e=\"f\"} ü";
  const ModelMetrics model = {.model = name, .metrics = some_metrics()};
  EXPECT_EQ(value_of(parsed(prometheus({&model, 1})), "rondo_stream_steps_total", {{"model", name}}), 40);
}

TEST(Prometheus, NamesEveryOutcomeOnce) {
  std::set<std::string_view> names;
  for (int k = 0; k < StreamMetrics::kOutcomes; ++k) names.insert(to_string(static_cast<StreamOutcome>(k)));
  EXPECT_EQ(names.size(), std::size_t{StreamMetrics::kOutcomes});
}

TEST(StreamCounters, BucketsReachUpToTheirBound) {
  EXPECT_EQ(bucket_of(0), 0);
  EXPECT_EQ(bucket_of(1), 0);
  EXPECT_EQ(bucket_of(1.5), 1);
  EXPECT_EQ(bucket_of(2), 1);
  EXPECT_EQ(bucket_of(3), 2);
  EXPECT_EQ(bucket_of(256), 8);
  EXPECT_EQ(bucket_of(257), 9);
  EXPECT_EQ(bucket_of(262144), 18);
  EXPECT_EQ(bucket_of(1e12), StreamMetrics::kBuckets - 1);
}

}  // namespace
}  // namespace rondo
