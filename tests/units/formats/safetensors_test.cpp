#include "rondo/formats/safetensors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "support/expect_error.h"
#include "units/formats/safetensors_bytes.h"

namespace rondo::test {
namespace {

Safetensors parse(const std::string& header, const std::string& data) {
  return parse_safetensors(as_bytes(safetensors_bytes(header, data)), "test file");
}

/// A file with a single tensor "x" of two elements.
template <typename Element>
Tensor one_tensor(const std::string& dtype, const std::vector<Element>& elements) {
  const std::string data = raw(elements);
  const std::string header = object(entry("x", dtype, "[2]", "[0," + std::to_string(data.size()) + "]"));
  const Safetensors file = parse(header, data);
  EXPECT_EQ(file.tensor("x").shape(), (Shape{2}));
  return file.tensor("x");
}

TEST(SafetensorsTest, ReadsEveryDType) {
  EXPECT_EQ(one_tensor<double>("F64", {1.5, -2e300}).to_vector<double>(), (std::vector<double>{1.5, -2e300}));
  EXPECT_EQ(one_tensor<float>("F32", {1.5F, -2e30F}).to_vector<float>(), (std::vector<float>{1.5F, -2e30F}));
  EXPECT_EQ(one_tensor<std::int32_t>("I32", {7, -8}).to_vector<std::int32_t>(), (std::vector<std::int32_t>{7, -8}));
  EXPECT_EQ(one_tensor<std::int64_t>("I64", {7, -(std::int64_t{1} << 40)}).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{7, -(std::int64_t{1} << 40)}));
  EXPECT_EQ(one_tensor<std::uint8_t>("BOOL", {1, 0}).to_vector<bool>(), (std::vector<bool>{true, false}));
  const Tensor half = one_tensor<std::uint16_t>("F16", {0x3e00, 0xc000});
  EXPECT_EQ(half.dtype(), DType::f16);
  EXPECT_EQ(half.to(DType::f32).to_vector<float>(), (std::vector<float>{1.5F, -2.0F}));
  const Tensor bfloat = one_tensor<std::uint16_t>("BF16", {0x3fc0, 0xc000});
  EXPECT_EQ(bfloat.dtype(), DType::bf16);
  EXPECT_EQ(bfloat.to(DType::f32).to_vector<float>(), (std::vector<float>{1.5F, -2.0F}));
}

TEST(SafetensorsTest, ListsWhatItCannotHoldAndReadsTheRest) {
  const std::string header =
      object(entry("a", "F8_E4M3", "[2,2]", "[0,4]") + "," + entry("b", "F32", "[1]", "[4,8]") + "," +
             entry("c", "NEW7", "[5]", "[8,12]") + "," + entry("d", "F4", "[4]", "[12,14]") + "," +
             entry("e", "BOOL", "[1,1,1,1,1,1,1,1,2]", "[14,16]"));
  const Safetensors file = parse(header, std::string(4, 'x') + raw<float>({7}) + std::string(8, 'x'));
  ASSERT_EQ(file.tensors().size(), 1U);
  EXPECT_EQ(file.tensor("b").item(), 7.0);
  ASSERT_EQ(file.unreadable().size(), 4U);
  EXPECT_TRUE(file.contains("a"));
  const auto expect = [&](const std::string& name, const std::vector<std::string>& words) {
    expect_words([&] { static_cast<void>(file.tensor(name)); }, words);
  };
  expect("a", {"test file", "'a'", "got F8_E4M3(2, 2)", "F64, F32, F16, BF16, I64, I32, BOOL, U8"});
  expect("c", {"'c'", "got NEW7(5,)"});
  expect("d", {"'d'", "got F4(4,)"});
  expect("e", {"'e'", "got BOOL(1, 1, 1, 1, 1, 1, 1, 1, 2)", "at most 8 axes"});
  EXPECT_NE(describe(file).find("1 tensors, and 4 that Rondo cannot hold\n  b  f32(1,)\n  a  F8_E4M3(2, 2): expected"),
            std::string::npos);
}

TEST(SafetensorsTest, ReadsRowMajorShapesInFileOrder) {
  const std::string header = object(entry("a", "F32", "[]", "[24,28]") + "," + entry("z", "F32", "[2,3]", "[0,24]") +
                                    "," + entry("m", "F32", "[0,3]", "[28,28]")) +
                             "   ";
  const Safetensors file = parse(header, raw<float>({1, 2, 3, 4, 5, 6, 7}));
  ASSERT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.tensors()[0].name, "z");
  EXPECT_EQ(file.tensors()[1].name, "a");
  EXPECT_EQ(file.tensors()[2].name, "m");
  EXPECT_EQ(file.tensor("z").shape(), (Shape{2, 3}));
  EXPECT_EQ(file.tensor("z").select(0, 1).to_vector<float>(), (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(file.tensor("a").rank(), 0);
  EXPECT_EQ(file.tensor("a").item(), 7.0);
  EXPECT_EQ(file.tensor("m").numel(), 0);
}

TEST(SafetensorsTest, SharesOneStorageAndCopiesWhatIsMisaligned) {
  const std::string header =
      object(entry("mask", "BOOL", "[3]", "[0,3]") + "," + entry("odd", "F32", "[2]", "[3,11]") + "," +
             entry("byte", "BOOL", "[1]", "[11,12]") + "," + entry("even", "F32", "[1]", "[12,16]"));
  const Safetensors file = parse(
      header, raw<std::uint8_t>({1, 0, 1}) + raw<float>({2.5F, -3.5F}) + raw<std::uint8_t>({1}) + raw<float>({4.5F}));
  EXPECT_EQ(file.tensor("odd").to_vector<float>(), (std::vector<float>{2.5F, -3.5F}));
  EXPECT_EQ(file.tensor("even").to_vector<float>(), (std::vector<float>{4.5F}));
  EXPECT_EQ(file.tensor("even").storage(), file.tensor("mask").storage());
  EXPECT_NE(file.tensor("odd").storage(), file.tensor("mask").storage());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.tensor("odd").data()) % alignof(float), 0U);
}

TEST(SafetensorsTest, GivesMetadata) {
  const Safetensors file = parse(R"({"__metadata__":{"format":"pt","ü":"\u00e4"}})", "");
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}, {"ü", "ä"}}));
  EXPECT_TRUE(file.tensors().empty());
  EXPECT_FALSE(file.contains("__metadata__"));
}

TEST(SafetensorsTest, NamesWhatIsMissing) {
  const Safetensors file = parse(object(entry("x", "F32", "[1]", "[0,4]")), raw<float>({1}));
  EXPECT_TRUE(file.contains("x"));
  EXPECT_FALSE(file.contains("y"));
  expect_words([&] { static_cast<void>(file.tensor("y")); }, {"test file", "'y'", "one of 'x'"});
  expect_words(
      [] {
        static_cast<void>(Safetensors("f", {{"x", Tensor()}, {"x", Tensor()}}, {}));
      },
      {"f", "two", "'x'"});
}

TEST(SafetensorsTest, OutlivesItsBytes) {
  std::string bytes = safetensors_bytes(object(entry("x", "F32", "[1]", "[0,4]")), raw<float>({1}));
  Tensor kept;
  {
    const Safetensors file = parse_safetensors(as_bytes(bytes), "memory");
    kept = file.tensor("x");
  }
  bytes.assign(bytes.size(), 'x');
  EXPECT_EQ(kept.item(), 1.0);
}

TEST(SafetensorsTest, LoadsFiles) {
  const std::string path = ::testing::TempDir() + "rondo_loads_files.safetensors";
  std::ofstream(path, std::ios::binary) << safetensors_bytes(
      object(R"("__metadata__":{"k":"v"},)" + entry("x", "F32", "[2]", "[0,8]")), raw<float>({1, 2}));
  const Safetensors file = load_safetensors(path);
  EXPECT_EQ(file.file(), path);
  EXPECT_EQ(file.metadata().at("k"), "v");
  EXPECT_EQ(file.tensor("x").to_vector<float>(), (std::vector<float>{1, 2}));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  expect_words([&] { static_cast<void>(load_safetensors(path)); }, {path, "tensor \"x\"", "end <= 7"});
  std::filesystem::resize_file(path, 7);
  expect_words([&] { static_cast<void>(load_safetensors(path)); }, {path, "7 bytes"});
  std::filesystem::remove(path);
  expect_words([&] { static_cast<void>(load_safetensors(path)); }, {path, "no such file"});
  expect_words([] { static_cast<void>(load_safetensors(::testing::TempDir())); }, {"a directory"});
  expect_words([] { static_cast<void>(load_safetensors("/dev/null")); }, {"/dev/null", "a special file"});
}

}  // namespace
}  // namespace rondo::test
