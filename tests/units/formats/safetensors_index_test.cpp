#include <gtest/gtest.h>

#include "formats/containers/confined_path.h"
#include "rondo/formats/safetensors.h"
#include "support/expect_error.h"
#include "units/formats/safetensors_bytes.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

const std::string kFirst = safetensors_bytes(object(entry("a", "F32", "[1]", "[0,4]")), raw<float>({1}));
const std::string kSecond = safetensors_bytes(
    object(entry("b", "F32", "[2]", "[0,8]") + "," + entry("c", "I16", "[1]", "[8,10]")), raw<float>({2, 3}) + "\1\1");

/// An index in `folder` with two files beside it.
std::filesystem::path write_model(const std::filesystem::path& folder, const std::string& map) {
  std::filesystem::create_directories(folder / "below");
  write_text(folder / "one.safetensors", kFirst);
  write_text(folder / "below/two.safetensors", kSecond);
  write_text(folder / "model.safetensors.index.json", R"({"metadata": {"total_size": 14}, "weight_map": )" + map + "}");
  return folder / "model.safetensors.index.json";
}

const std::string kRight = R"({"a": "one.safetensors", "b": "below/two.safetensors", "c": "below/two.safetensors"})";

void expect_refused(const std::string& map, const std::vector<std::string>& words) {
  SCOPED_TRACE(map);
  const std::filesystem::path index = write_model(scratch("model"), map);
  expect_words([&] { static_cast<void>(load_safetensors(index)); }, words);
}

TEST(SafetensorsIndexTest, ReadsAllFiles) {
  const Safetensors file = load_safetensors(write_model(scratch("model"), kRight));
  EXPECT_EQ(file.tensor("a").item(), 1.0);
  EXPECT_EQ(file.tensor("b").to_vector<float>(), (std::vector<float>{2, 3}));
  ASSERT_EQ(file.unreadable().size(), 1U);
  expect_words([&] { static_cast<void>(file.tensor("c")); }, {"model.safetensors.index.json", "'c'", "I16(1,)"});
}

TEST(SafetensorsIndexTest, NamesAreThoseOfTheFiles) {
  expect_refused(R"({"a": "one.safetensors", "x": "one.safetensors"})", {"weight_map: 'x'", "which has none"});
  expect_refused(R"({"b": "below/two.safetensors"})", {"no 'c'", "two.safetensors"});
  expect_refused("{}", {"weight_map", "an object of tensors and their files"});
  expect_refused(R"({"a": 1, "b": "x.safetensors"})", {"weight_map: \"a\"", "got 1"});
}

TEST(SafetensorsIndexTest, FilesLieInTheFolder) {
  const std::string within = "a path within the folder";
  expect_refused(R"({"a": "../one.safetensors"})", {"../one.safetensors", within});
  expect_refused(R"({"a": "below/../../one.safetensors"})", {within});
  expect_refused(R"({"a": "/etc/one.safetensors"})", {"/etc/one.safetensors", within});
  expect_refused(R"({"a": ".safetensors"})", {"No such file"});
  expect_refused(R"({"a": "model.safetensors.index.json"})", {"an index of safetensors files"});
}

TEST(SafetensorsIndexTest, SymbolicLinksStayInTheFolderOrBesideTheIndexItself) {
  const std::filesystem::path elsewhere = write_model(scratch("elsewhere"), kRight);
  const std::filesystem::path folder = scratch("model");
  const std::filesystem::path index = write_model(folder, R"({"a": "link.safetensors"})");
  std::filesystem::create_symlink(elsewhere.parent_path() / "one.safetensors", folder / "link.safetensors");
  expect_words([&] { static_cast<void>(load_safetensors(index)); }, {"a symbolic link out of the folder"});

  std::filesystem::remove(folder / "link.safetensors");
  std::filesystem::create_symlink("one.safetensors", folder / "link.safetensors");
  EXPECT_EQ(load_safetensors(index).tensor("a").item(), 1.0);

  // The cache of Hugging Face: all files of the folder are links into one other folder.
  const std::filesystem::path cache = scratch("snapshot");
  std::filesystem::create_directories(cache / "below");
  for (const char* name : {"model.safetensors.index.json", "one.safetensors", "below/two.safetensors"}) {
    std::filesystem::create_symlink(elsewhere.parent_path() / name, cache / name);
  }
  EXPECT_EQ(load_safetensors(cache / "model.safetensors.index.json").tensor("a").item(), 1.0);
}

}  // namespace
}  // namespace rondo::test
