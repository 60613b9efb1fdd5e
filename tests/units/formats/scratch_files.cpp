#include "units/formats/scratch_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace rondo::test {

std::filesystem::path scratch(const std::string& name) {
  static std::string current;
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string folder = std::string("rondo_") + test->test_suite_name() + "_" + test->name();
  std::replace(folder.begin(), folder.end(), '/', '_');
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / folder;
  if (folder != current) std::filesystem::remove_all(path);
  current = folder;
  std::filesystem::create_directories(path);
  return path / name;
}

std::string read_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "no " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace rondo::test
