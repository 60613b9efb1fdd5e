/// What a command prints, and how far it has come.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rondo::program {

/// Prints a line to standard output. Throws `OutputClosed` when nobody reads it any more.
void print_line(const std::string& line);

/// Prints a remark to standard error.
void tell(const std::string& remark);

/// Prints JSON, indented.
void print_json(const nlohmann::json& value);

/// The reader of standard output has gone: `rondo info model.keras | head -1`.
struct OutputClosed {};

/// A line on standard error that says what a long command does, where that is a terminal; nothing elsewhere.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Replaces the line, at most some times a second.
  void tell(const std::string& state);

 private:
  std::string what_;
  bool shown_ = false;
  double last_ = 0.0;
};

}  // namespace rondo::program
