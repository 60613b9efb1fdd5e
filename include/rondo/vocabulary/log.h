/// What Rondo reports beside exceptions: that it runs on the CPU for want of a device, or that a slower executor stands
/// in for the planned one.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace rondo {

/// How much a report matters.
enum class LogLevel : std::uint8_t { info, warning };

/// Gets one line without its end. Several threads may call it at once. It must not throw.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;

/// From now on reports go to `sink`; null stands for the default, which writes warnings to stderr and drops the rest. A
/// report in flight while the sink is replaced may still reach the former sink.
///
/// @code
/// set_log_sink([](LogLevel level, std::string_view message) {
///   std::fprintf(stderr, "%s %.*s\n", level == LogLevel::warning ? "W" : "I", static_cast<int>(message.size()),
///                message.data());
/// });
/// @endcode
void set_log_sink(LogSink sink);

}  // namespace rondo
