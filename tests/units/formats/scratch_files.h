/// Files that a test writes, and texts.
#pragma once

#include <filesystem>
#include <string>

namespace rondo::test {

/// A path named `name` in a folder of the running test, which is emptied when the test begins.
std::filesystem::path scratch(const std::string& name);

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

/// Replaces the first `from`, which must exist.
std::string replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace rondo::test
