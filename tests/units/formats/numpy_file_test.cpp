#include "rondo/formats/numpy_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/scratch_files.h"
#include "units/formats/zip_files.h"

namespace rondo::test {
namespace {

std::filesystem::path golden(const std::string& name) { return std::filesystem::path(RONDO_FORMAT_GOLDENS) / name; }

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span<const char>(text)); }

/// The array of most files: -3 .. 8 of shape (3, 4).
Tensor numbers(DType dtype) {
  std::vector<double> values;
  for (int k = -3; k < 9; ++k) values.push_back(k);
  return Tensor::from(values, {3, 4}).to(dtype);
}

void expect_numpys_arrays(const NumpyArchive& archive) {
  for (const auto& [name, dtype] : std::vector<std::pair<std::string, DType>>{
           {"f2", DType::f16}, {"f4", DType::f32}, {"f8", DType::f64}, {"i4", DType::i32}, {"i8", DType::i64}}) {
    EXPECT_TRUE(identical(archive.tensor(name), numbers(dtype))) << name;
  }
  EXPECT_EQ(archive.tensor("b1").to_vector<bool>(),
            (std::vector<bool>{false, true, false, true, false, true, false, true, false, true, false, true}));
  EXPECT_TRUE(identical(archive.tensor("fortran"), numbers(DType::f32)));
  std::vector<std::int32_t> deep;
  for (std::int32_t k = 0; k < 24; ++k) deep.push_back(k);
  EXPECT_TRUE(identical(archive.tensor("fortran_deep"), Tensor::from(deep, {2, 3, 4})));
  EXPECT_TRUE(archive.tensor("fortran_deep").is_contiguous());
  EXPECT_TRUE(identical(archive.tensor("scalar"), Tensor::from({2.5}, {})));
  EXPECT_EQ(archive.tensor("empty").shape(), (Shape{0, 3}));
  EXPECT_TRUE(identical(archive.tensor("vector"), Tensor::from<std::int64_t>({1, 2, 3}, {3})));
  EXPECT_TRUE(archive.contains("rnn/cell/kernel:0"));
  EXPECT_FALSE(archive.contains("rnn/cell/kernel"));
  EXPECT_EQ(archive.tensors().size(), 12u);
}

TEST(NumpyFileTest, Archives) {
  expect_numpys_arrays(load_npz(golden("stored.npz")));
  expect_numpys_arrays(load_npz(golden("deflated.npz")));
  const std::string bytes = read_text(golden("deflated.npz"));
  expect_numpys_arrays(parse_npz(as_bytes(bytes), "memory"));
}

TEST(NumpyFileTest, Versions) {
  for (const char* name : {"version_1.npy", "version_2.npy", "version_3.npy"}) {
    EXPECT_TRUE(identical(load_npy(golden(name)), numbers(DType::f64))) << name;
  }
}

/// A file of version 1.0 with a header and data.
std::string npy(const std::string& header, const std::string& data) {
  std::string bytes = "\x93NUMPY";
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return bytes + header + data;
}

std::string header(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(NumpyFileTest, HeadersAsOthersWriteThem) {
  const std::string data(8, '\0');
  for (const std::string& text :
       {header("'<f4'", "False", "(2,)"), header("\"<f4\"", "False", "(2L,)"), header("'<i8'", "False", "()"),
        std::string("{'shape': (1, 2), 'fortran_order': False, 'descr': '<f4'}"),
        header("'|b1'", "True", "(1, 2, 1, 2, 1, 2, 1, 1)")}) {
    EXPECT_NO_THROW(static_cast<void>(parse_npy(as_bytes(npy(text, data)), "f"))) << text;
  }
}

void expect_refused(const std::string& bytes, std::vector<std::string> words) {
  SCOPED_TRACE(::testing::PrintToString(words));
  words.emplace_back("file.npy");
  expect_words([&] { static_cast<void>(parse_npy(as_bytes(bytes), "file.npy")); }, words);
}

TEST(NumpyFileTest, RefusesOtherFiles) {
  expect_refused("", {"\\x93NUMPY"});
  expect_refused("PK\x03\x04 and more", {"\\x93NUMPY"});
  expect_refused(std::string("\x93NUMPY\x04\x00\x00\x00", 10), {"version", "4.0", "1.0, 2.0 or 3.0"});
  expect_refused(std::string("\x93NUMPY\x01\x01\x00\x00", 10), {"version", "1.1"});
  expect_refused(std::string("\x93NUMPY\x01\x00\x10", 9), {"9 bytes", "a whole header"});
  expect_refused(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12), {"12 bytes", "a whole header"});
}

TEST(NumpyFileTest, RefusesHeaders) {
  const std::string data(8, '\0');
  const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
    expect_refused(npy(text, data), words);
  };
  refused("", {"header", "'{'"});
  refused("{}", {"the keys descr, fortran_order and shape"});
  refused("{'descr': '<f4', 'fortran_order': False}", {"the keys descr, fortran_order and shape"});
  refused(header("'>f4'", "False", "(2,)"), {"a dtype of '<f2'", "'|b1'"});
  refused(header("'|O'", "False", "(2,)"), {"a dtype of"});
  refused(header("[('a', '<f4')]", "False", "(2,)"), {"a dtype of"});
  refused(header("'<f4'", "0", "(2,)"), {"True or False"});
  refused(header("'<f4'", "False", "(-2,)"), {"a size from 0"});
  refused(header("'<f4'", "False", "(9223372036854775808,)"), {"a size from 0"});
  refused(header("'<f4'", "False", "(1,1,1,1,1,1,1,1,2)"), {"at most 8 axes"});
  refused(header("'<f4'", "False", "(2"), {"a size from 0"});
  refused(header("'<f4'", "False", "(2 3)"), {"','"});
  refused(header("'<f4", "False", "(2,)"), {"header"});
  refused("{'descr': '<f4', 'descr': '<f4'}", {"each once"});
  refused("{'other': 1}", {"the keys descr, fortran_order and shape"});
  refused(header("'<f4'", "False", "(2,)") + "x", {"nothing behind the dictionary"});
  refused("{'descr\xff\n", {"?"});
}

TEST(NumpyFileTest, RefusesDataThatDoNotFit) {
  const std::string data(8, '\0');
  expect_refused(npy(header("'<f4'", "False", "(3,)"), data), {"8 bytes", "12 bytes", "f32(3,)"});
  expect_refused(npy(header("'<f4'", "False", "(1,)"), data), {"8 bytes", "4 bytes"});
  expect_refused(npy(header("'<f8'", "True", "(1099511627776, 1099511627776)"), data), {"shape", "less than 2^63"});
  expect_refused(npy(header("'<f8'", "False", "(0, 4611686018427387904)"), ""), {"shape", "less than 2^63"});
  expect_refused(npy(header("'<f8'", "False", "(1099511627776,)"), data), {"8 bytes", "8796093022208 bytes"});
  expect_refused(npy(header("'|b1'", "False", "(8,)"), "\x02" + data.substr(1)), {"a BOOL of 2", "0 or 1"});
}

TEST(NumpyFileTest, RefusesBrokenArchives) {
  const auto refused = [](const std::filesystem::path& path, std::vector<std::string> words) {
    words.push_back(path.string());
    expect_words([&] { static_cast<void>(load_npz(path)); }, words);
  };
  refused(scratch("none.npz"), {"no such file"});
  write_text(scratch("text.npz"), "no archive");
  refused(scratch("text.npz"), {"a broken zip archive", "an .npz archive"});
  write_archive(scratch("other.npz"), {{"a.npy", read_text(golden("version_1.npy"))}, {"readme.txt", "hello"}});
  refused(scratch("other.npz"), {"readme.txt", "nothing but .npy files"});
  write_archive(scratch("wrong.npz"), {{"a.npy", "hello"}});
  refused(scratch("wrong.npz"), {"a.npy", "\\x93NUMPY"});
  const std::string whole = read_text(golden("stored.npz"));
  for (std::size_t size = 0; size < whole.size(); size += 37) {
    const std::string part = whole.substr(0, size);
    EXPECT_THROW(static_cast<void>(parse_npz(as_bytes(part), "part")), ValueError) << size;
  }
}

/// Little-endian numbers of two and of four bytes.
std::string u16(std::size_t value) { return {static_cast<char>(value & 0xff), static_cast<char>(value >> 8 & 0xff)}; }
std::string u32(std::size_t value) { return u16(value & 0xffff) + u16(value >> 16); }

/// The directory of a zip archive of `count` files, without the files: each claims to have `packed` bytes in the
/// archive and `size` bytes without compression.
std::string directory_of_zip(std::size_t count, std::size_t packed, std::size_t size) {
  std::string entries;
  for (std::size_t k = 0; k < count; ++k) {
    const std::string name = std::to_string(k) + ".npy";
    entries += "PK\x01\x02" + u16(20) + u16(20) + u16(0) + u16(8) + u16(0) + u16(0x21) + u32(0) + u32(packed) +
               u32(size) + u16(name.size()) + u16(0) + u16(0) + u16(0) + u16(0) + u32(0) + u32(0) + name;
  }
  return entries + "PK\x05\x06" + u16(0) + u16(0) + u16(count) + u16(count) + u32(entries.size()) + u32(0) + u16(0);
}

// Each entry alone is plausible: an archive of one file may be packed as tightly as the format can.
TEST(NumpyFileTest, RefusesArchivesWhoseFilesShareTheirBytes) {
  constexpr std::size_t kTightest = 1032;
  const std::size_t bytes = directory_of_zip(2, 0, 0).size();
  const std::string archive = directory_of_zip(2, bytes, kTightest * bytes);
  expect_words([&] { static_cast<void>(parse_npz(as_bytes(archive), "small.npz")); },
               {"small.npz", "impossible sizes", "an .npz archive"});
}

TEST(NumpyFileTest, ArchivesHaveEachNameOnce) {
  const Tensor tensor = Tensor::zeros({1}, DType::f32);
  expect_words([&] { static_cast<void>(NumpyArchive("f", {{"a", tensor}, {"a", tensor}})); }, {"two tensors 'a'"});
  const NumpyArchive archive("f", {{"a", tensor}});
  expect_words([&] { static_cast<void>(archive.tensor("b")); }, {"'b'", "one of 'a'"});
}

}  // namespace
}  // namespace rondo::test
