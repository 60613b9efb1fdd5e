#include "formats/containers/file_kind.h"

#include <gtest/gtest.h>

#include <fstream>

#include "rondo/formats/safetensors.h"
#include "support/expect_error.h"
#include "units/formats/safetensors_bytes.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

using namespace std::string_literals;

const std::filesystem::path kData = RONDO_TEST_DATA;

std::string zip_of(const std::string& name) {
  std::string bytes("PK\x03\x04", 4);
  bytes += std::string(22, '\0');
  bytes += static_cast<char>(name.size());
  bytes += std::string(3, '\0');
  return bytes + name + "content";
}

TEST(FileKindTest, IsToldByTheFirstBytes) {
  struct Case {
    std::string bytes;
    FileKind kind;
  };
  const std::vector<Case> table{
      {"", FileKind::empty},
      {"some text", FileKind::unknown},
      {safetensors_bytes("{}", ""), FileKind::safetensors},
      {safetensors_bytes(object(entry("x", "F32", "[2]", "[0,8]")), std::string(8, '\0')), FileKind::safetensors},
      {header_size(0x0280) + "{" + std::string(0x0280, ' '), FileKind::safetensors},  // starts as a pickle does
      {"\x89HDF\r\n\x1a\n"s, FileKind::hdf5},
      {"\x93NUMPY\x01"s, FileKind::npy},
      {zip_of("x.npy"), FileKind::npz},
      {zip_of("metadata.json"), FileKind::keras_archive},
      {zip_of("config.json"), FileKind::keras_archive},
      {zip_of("state/data.pkl"), FileKind::pytorch_archive},
      {zip_of("readme.txt"), FileKind::zip},
      {"PK\x03\x04", FileKind::zip},
      {"\x80\x02\x8a\nl\xfc"s, FileKind::pickle},
      {"\x80\x04\x95"s, FileKind::pickle},
      {"\x08\x07\x12\x07pytorch"s, FileKind::onnx},
      {"\x08\x01\x12\x80\x10"s, FileKind::saved_model},
      {"\x1c\0\0\0TFL3\x14"s, FileKind::tflite},
      {"GGUF\x03"s, FileKind::gguf},
      {"\x1f\x8b\x08"s, FileKind::gzip},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", FileKind::git_lfs_pointer},
      {"\n<!DOCTYPE html><html>", FileKind::html},
      {R"({"metadata": {}, "weight_map": {"a": "model-1.safetensors"}})", FileKind::safetensors_index},
      {R"({"metadata": {}, "weight_map": {"a": "model_00000.weights.h5"}})", FileKind::keras_index},
      {R"( {"class_name": "Sequential", "config": {}})", FileKind::keras_architecture},
      {"\xef\xbb\xbf[1]", FileKind::json},
  };
  for (const Case& one : table) {
    SCOPED_TRACE(one.bytes.substr(0, 40));
    EXPECT_EQ(described(file_kind(one.bytes, one.bytes.size())), described(one.kind));
  }
}

TEST(FileKindTest, EveryPrefixHasAKind) {
  for (const std::string& bytes : {zip_of("x.npy"), "\x08\x07\x12\x07pytorch"s, R"({"weight_map": {"a": "b.h5"}})"s}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      static_cast<void>(described(file_kind(bytes.substr(0, size), bytes.size())));
    }
  }
}

TEST(FileKindTest, SafetensorsMessagesNameTheKind) {
  const auto expect = [](const std::filesystem::path& path, const std::vector<std::string>& words) {
    expect_words([&] { static_cast<void>(load_safetensors(path)); }, words);
  };
  expect(kData / "kinds/state.pt", {"state.pt", "torch.save", "save_file", "expected a safetensors file"});
  expect(kData / "kinds/lfs_pointer.safetensors", {"a Git LFS pointer", "git lfs pull"});
  expect(kData / "kinds/index.json", {"weight_map", "got {}", "an object of tensors and their files"});
  expect(kData / "keras/lstm_keras2.h5", {"an HDF5 file", "load_keras"});
  expect(kData / "keras/lstm_keras3.keras", {"a .keras archive", "load_keras"});
}

TEST(FileKindTest, AFolderOfTensorFlowIsASavedModel) {
  const std::filesystem::path folder = scratch("model");
  std::filesystem::create_directory(folder);
  expect_words([&] { static_cast<void>(load_safetensors(folder)); }, {"a directory", "a file"});
  write_text(folder / "saved_model.pb", "\x08\x01");
  expect_words([&] { static_cast<void>(load_safetensors(folder)); }, {"SavedModel", "model.save(\"model.keras\")"});
}

}  // namespace
}  // namespace rondo::test
