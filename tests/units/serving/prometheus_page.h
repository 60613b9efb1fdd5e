/// Reads Prometheus's text format, and fails the test where a line is not of its grammar.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::test {

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

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  EXPECT_EQ(begin, text.size()) << "the last line has no end";
  return lines;
}

// A sample belongs to the metric of the last TYPE line; those of histograms have suffixes.
inline bool belongs(const std::string& name, const std::string& metric, const std::string& type) {
  if (type != "histogram") return name == metric;
  return name == metric + "_bucket" || name == metric + "_sum" || name == metric + "_count";
}

inline Parsed parsed(const std::string& text) {
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

inline double value_of(const Parsed& page, const std::string& name, const Labels& labels) {
  for (const Sample& sample : page.samples) {
    if (sample.name == name && sample.labels == labels) return sample.value;
  }
  ADD_FAILURE() << "no " << name;
  return -1;
}

}  // namespace rondo::test
