// The text of the metrics, read back by a parser of the text format's grammar.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/serving/stream_batcher.h"
#include "serving/stream_counters.h"

namespace rondo {
namespace {

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

struct Parsed {
  std::map<std::string, std::string> types;
  std::vector<Sample> samples;
};

/// Reads one sample: name{label="value",...} number.
class SampleReader {
 public:
  explicit SampleReader(std::string_view line) : line_(line) {}

  std::optional<Sample> read() {
    Sample sample;
    sample.name = word();
    if (sample.name.empty() || !take('{')) return std::nullopt;
    do {
      const std::string label = word();
      if (label.empty() || !take('=') || !take('"')) return std::nullopt;
      const std::optional<std::string> value = quoted();
      if (!value || !sample.labels.emplace(label, *value).second) return std::nullopt;
    } while (take(','));
    if (!take('}') || !take(' ')) return std::nullopt;
    const std::string number(line_.substr(at_));
    char* end = nullptr;
    sample.value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') return std::nullopt;
    return sample;
  }

 private:
  bool take(char letter) {
    if (at_ == line_.size() || line_[at_] != letter) return false;
    ++at_;
    return true;
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < line_.size() && (std::isalnum(static_cast<unsigned char>(line_[at_])) != 0 || line_[at_] == '_'))
      ++at_;
    return std::string(line_.substr(begin, at_ - begin));
  }

  std::optional<std::string> quoted() {
    std::string value;
    for (; at_ < line_.size(); ++at_) {
      if (take('"')) return value;
      if (line_[at_] != '\\') {
        value += line_[at_];
        continue;
      }
      ++at_;
      if (at_ == line_.size() || std::string_view("\\\"n").find(line_[at_]) == std::string_view::npos) break;
      value += line_[at_] == 'n' ? '\n' : line_[at_];
    }
    return std::nullopt;
  }

  const std::string_view line_;
  std::size_t at_ = 0;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  EXPECT_EQ(begin, text.size()) << "the last line has no end";
  return lines;
}

// A sample belongs to the metric of the last TYPE line; those of histograms have suffixes.
bool belongs(const std::string& name, const std::string& metric, const std::string& type) {
  if (type != "histogram") return name == metric;
  return name == metric + "_bucket" || name == metric + "_sum" || name == metric + "_count";
}

Parsed parsed(const std::string& text) {
  Parsed result;
  std::string metric;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      const std::size_t space = line.find(' ', 7);
      metric = line.substr(7, space - 7);
      EXPECT_TRUE(result.types.emplace(metric, line.substr(space + 1)).second) << "twice: " << metric;
      continue;
    }
    const std::optional<Sample> sample = SampleReader(line).read();
    if (!sample) {
      ADD_FAILURE() << "no sample: " << line;
      continue;
    }
    EXPECT_TRUE(belongs(sample->name, metric, result.types[metric])) << line;
    result.samples.push_back(*sample);
  }
  return result;
}

double value_of(const Parsed& page, const std::string& name, const Labels& labels) {
  for (const Sample& sample : page.samples) {
    if (sample.name == name && sample.labels == labels) return sample.value;
  }
  ADD_FAILURE() << "no " << name;
  return -1;
}

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
