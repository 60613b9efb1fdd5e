#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "rondo/serving/stream_batcher.h"

namespace rondo {
namespace {

using Histogram = StreamMetrics::Histogram;

// The shortest digits that give the same number again.
std::string number(double value) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string escaped(std::string_view value) {
  std::string result;
  for (const char letter : value) {
    if (letter == '\n') {
      result += "\\n";
      continue;
    }
    if (letter == '\\' || letter == '"') result += '\\';
    result += letter;
  }
  return result;
}

/// Writes one metric after the other, each for all models, because a page may have a metric's lines only once.
class Page {
 public:
  explicit Page(std::span<const ModelMetrics> models) : models_(models) {}

  template <typename Value>
  void gauge(std::string_view name, std::string_view help, const Value& value) {
    head(name, "gauge", help);
    for (const ModelMetrics& model : models_) line(name, label(model), std::to_string(value(model.metrics)));
  }

  template <typename Value>
  void counter(std::string_view name, std::string_view help, const Value& value) {
    head(name, "counter", help);
    for (const ModelMetrics& model : models_) line(name, label(model), std::to_string(value(model.metrics)));
  }

  void answers(std::string_view name, std::string_view help) {
    head(name, "counter", help);
    for (const ModelMetrics& model : models_) {
      for (int k = 0; k < StreamMetrics::kOutcomes; ++k) {
        const std::string outcome(to_string(static_cast<StreamOutcome>(k)));
        line(name, label(model) + ",outcome=\"" + outcome + '"',
             std::to_string(model.metrics.answers[static_cast<std::size_t>(k)]));
      }
    }
  }

  // `histogram` counts values of `per_unit` to the unit of the metric, whose sum is `sum`.
  template <typename Sum>
  void histogram(std::string_view name, std::string_view help, Histogram StreamMetrics::*histogram, double per_unit,
                 const Sum& sum) {
    head(name, "histogram", help);
    for (const ModelMetrics& model : models_) {
      buckets(std::string(name), label(model), model.metrics.*histogram, per_unit);
      line(std::string(name) + "_sum", label(model), number(sum(model.metrics)));
      line(std::string(name) + "_count", label(model), std::to_string(total(model.metrics.*histogram)));
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  static std::string label(const ModelMetrics& model) { return "model=\"" + escaped(model.model) + '"'; }

  static std::int64_t total(const Histogram& counts) {
    std::int64_t sum = 0;
    for (const std::int64_t count : counts) sum += count;
    return sum;
  }

  void buckets(const std::string& name, const std::string& labels, const Histogram& counts, double per_unit) {
    std::int64_t up_to = 0;
    double bound = 1;
    for (std::size_t k = 0; k + 1 < counts.size(); ++k, bound *= 2) {
      up_to += counts[k];
      line(name + "_bucket", labels + ",le=\"" + number(bound / per_unit) + '"', std::to_string(up_to));
    }
    line(name + "_bucket", labels + ",le=\"+Inf\"", std::to_string(total(counts)));
  }

  void head(std::string_view name, std::string_view type, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }

  void line(std::string_view name, std::string_view labels, std::string_view value) {
    text_.append(name).append("{").append(labels).append("} ").append(value).append("\n");
  }

  std::span<const ModelMetrics> models_;
  std::string text_;
};

constexpr double kMicrosecondsPerSecond = 1e6;

}  // namespace

std::string prometheus(std::span<const ModelMetrics> models) {
  Page page(models);
  page.gauge("rondo_stream_waiting_requests", "Requests that wait.", [](const auto& of) { return of.waiting; });
  page.gauge("rondo_stream_open_streams", "Streams that have a slot.", [](const auto& of) { return of.open_streams; });
  page.answers("rondo_stream_answers_total", "Requests by what became of them.");
  page.counter("rondo_stream_evictions_total", "Streams that lost their slots to others, or by being idle.",
               [](const auto& of) { return of.evictions; });
  page.counter("rondo_stream_steps_total", "Steps of all streams.", [](const auto& of) { return of.steps; });
  page.histogram("rondo_stream_batch_rows", "Streams in a call of the pool.", &StreamMetrics::batch_rows, 1,
                 [](const auto& of) { return static_cast<double>(of.rows); });
  page.histogram("rondo_stream_call_seconds", "Time of a call of the pool.", &StreamMetrics::call_microseconds,
                 kMicrosecondsPerSecond, [](const auto& of) { return of.call_seconds; });
  page.histogram("rondo_stream_wait_seconds", "Time of a request until a call took its first steps.",
                 &StreamMetrics::wait_microseconds, kMicrosecondsPerSecond,
                 [](const auto& of) { return of.wait_seconds; });
  return std::move(page).text();
}

}  // namespace rondo
