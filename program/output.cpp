#include "output.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

namespace rondo::program {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool is_terminal() {
  static const bool answer = isatty(STDERR_FILENO) == 1;
  return answer;
}

}  // namespace

void print_line(const std::string& line) {
  const bool written =
      std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF;
  if (!written || std::fflush(stdout) != 0) throw OutputClosed{};
}

void tell(const std::string& remark) { std::fprintf(stderr, "rondo: %s\n", remark.c_str()); }

void print_json(const nlohmann::json& value) {
  print_line(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

Progress::Progress(std::string what) : what_(std::move(what)) { tell("..."); }

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);  // clears the line
}

void Progress::tell(const std::string& state) {
  constexpr double kSeconds = 0.1;
  if (!is_terminal() || now() - last_ < kSeconds) return;
  last_ = now();
  shown_ = true;
  std::fprintf(stderr, "\r\x1b[K%s %s", what_.c_str(), state.c_str());
  std::fflush(stderr);
}

}  // namespace rondo::program
