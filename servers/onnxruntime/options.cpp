#include "options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <memory>
#include <string_view>

namespace rondo::ort {
namespace {

constexpr int kMostThreads = 1024;
constexpr std::array kOperators{"RNN", "GRU", "LSTM", "DynamicQuantizeLSTM"};

/// What the runtime puts before the names of a provider's options.
std::string prefix() {
  std::string name = std::string("ep.") + kProviderName + ".";
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return name;
}

int threads_of(std::string_view text) {
  if (text == "runtime") return 0;
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error == std::errc() && end == text.data() + text.size() && threads >= 1 && threads <= kMostThreads) {
    return threads;
  }
  throw ValueError("threads", "'" + std::string(text) + "'", "runtime, or a number from 1 to 1024");
}

std::vector<std::string> operators_of(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (std::find(kOperators.begin(), kOperators.end(), names.back()) != kOperators.end()) continue;
    throw ValueError("leave_out", "'" + names.back() + "'",
                     "RNN, GRU, LSTM or DynamicQuantizeLSTM, with commas between");
  }
  return names;
}

void read_option(std::string_view name, std::string_view text, ProviderOptions& options) {
  if (name == "threads") {
    options.threads = threads_of(text);
  } else if (name == "leave_out") {
    options.leave_out = operators_of(text);
  } else if (name == "math") {
    options.math = math_from_name(std::string(text));
  } else {
    throw ValueError("an option of " + std::string(kProviderName), "'" + std::string(name) + "'",
                     "threads, leave_out or math");
  }
}

}  // namespace

bool ProviderOptions::leaves_out(const std::string& op_type) const {
  return std::find(leave_out.begin(), leave_out.end(), op_type) != leave_out.end();
}

ProviderOptions read_options(const Runtime& runtime, const OrtSessionOptions& options) {
  OrtKeyValuePairs* entries = nullptr;
  runtime.check(runtime.api().GetSessionOptionsConfigEntries(&options, &entries));
  const std::unique_ptr<OrtKeyValuePairs, decltype(runtime.api().ReleaseKeyValuePairs)> owner(
      entries, runtime.api().ReleaseKeyValuePairs);
  const char* const* keys = nullptr;
  const char* const* values = nullptr;
  std::size_t count = 0;
  runtime.api().GetKeyValuePairs(entries, &keys, &values, &count);
  ProviderOptions result;
  const std::string before = prefix();
  for (std::size_t k = 0; k < count; ++k) {
    const std::string_view key = keys[k];
    if (key.starts_with(before)) read_option(key.substr(before.size()), values[k], result);
  }
  return result;
}

}  // namespace rondo::ort
