#include <gtest/gtest.h>

#include "rondo/formats/safetensors.h"
#include "support/expect_error.h"
#include "units/formats/safetensors_bytes.h"

namespace rondo::test {
namespace {

struct Broken {
  std::string what;
  std::string bytes;
  std::vector<std::string> words;
};

void expect_broken(const Broken& broken) {
  SCOPED_TRACE(broken.what);
  std::vector<std::string> words = broken.words;
  words.push_back("bad.safetensors");
  expect_words([&] { static_cast<void>(parse_safetensors(as_bytes(broken.bytes), "bad.safetensors")); }, words);
}

/// A file of this header and two floats of data.
std::string with_data(const std::string& header) { return safetensors_bytes(header, raw<float>({1, 2})); }
std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return with_data(object(entry("x", dtype, shape, offsets)));
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(BrokenSafetensorsTest, Header) {
  const std::vector<Broken> table{
      {"empty", "", {"0 bytes", "8 bytes"}},
      {"huge", header_size(~std::uint64_t{0}) + "{}", {"header size", "18446744073709551615", "100000000"}},
      {"over the limit", header_size(100'000'001) + "{}", {"header size", "100000001", "100000000"}},
      {"beyond the file", header_size(3) + "{}", {"header size", "got 3", "2 bytes"}},
      {"none", header_size(0), {"header", "nothing", "a JSON object"}},
      {"space first", safetensors_bytes(" {}", ""), {"no '{'"}},
      {"a list", safetensors_bytes("[]", ""), {"no '{'"}},
      {"byte order mark", safetensors_bytes("\xef\xbb\xbf{}", ""), {"no '{'"}},
      {"not JSON", safetensors_bytes("{x}", ""), {"header", "parse error", "JSON in UTF-8"}},
      {"unfinished", safetensors_bytes("{", ""), {"header", "parse error"}},
      {"something behind", safetensors_bytes("{}{}", ""), {"header", "parse error"}},
      {"zero byte behind", safetensors_bytes(std::string("{}\0!", 4), ""), {"header", "a zero byte"}},
      {"not UTF-8", safetensors_bytes("{\"\xff\":1}", ""), {"header", "UTF-8"}},
      {"half a surrogate", safetensors_bytes(R"({"\ud800":1})", ""), {"header", "parse error"}},
      {"number too large", safetensors_bytes(R"({"x":1e999})", ""), {"header", "1e999"}},
      {"equal names",
       with_data(object(entry("x", "F32", "[1]", "[0,4]") + "," + entry("x", "F32", "[1]", "[4,8]"))),
       {"the key \"x\" twice"}},
      {"equal members",
       with_data(R"({"x":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})"),
       {"the key \"dtype\" twice"}},
      {"deep", with_data(R"({"x":)" + nested(1'000'000) + "}"), {"nested deeper", "at most 3"}},
      {"a little deep", with_data(R"({"x":{"shape":[[2]]}})"), {"nested deeper", "at most 3"}},
      {"metadata of another type",
       safetensors_bytes(R"({"__metadata__":{"k":1}})", ""),
       {"__metadata__: \"k\"", "got 1", "a string"}},
      {"metadata no object",
       safetensors_bytes(R"({"__metadata__":"k"})", ""),
       {"__metadata__", "an object of strings"}},
  };
  for (const Broken& broken : table) expect_broken(broken);
}

TEST(BrokenSafetensorsTest, Entries) {
  const std::string x = "tensor \"x\"";
  const std::vector<Broken> table{
      {"too long for another dtype", one("F8_E4M3", "[7]", "[0,8]"), {x, "8 bytes", "7 bytes for F8_E4M3(7,)"}},
      {"half a byte", one("F4", "[3]", "[0,2]"), {x, "shape", "(3,)", "whole bytes"}},
      {"overflow of another dtype", one("I16", "[4294967296,4294967296]", "[0,8]"), {x, "less than 2^63 bits"}},
      {"nine axes, too short", one("F32", "[1,1,1,1,1,1,1,1,1]", "[0,8]"), {x, "8 bytes", "4 bytes"}},
      {"dtype no string", with_data(R"({"x":{"dtype":1,"shape":[2],"data_offsets":[0,8]}})"), {x, "dtype", "got 1"}},
      {"entry no object", with_data(R"({"x":1})"), {x, "got 1", "dtype, shape and data_offsets"}},
      {"member missing", with_data(R"({"x":{"dtype":"F32","shape":[2]}})"), {x, "data_offsets"}},
      {"another member", with_data(R"({"x":{"dtype":"F32","shape":[2],"offsets":[0,8]}})"), {x, "data_offsets"}},
      {"surplus member", with_data(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"y":1}})"), {x, "\"y\""}},
      {"negative size", one("F32", "[-2]", "[0,8]"), {x, "shape", "[-2]"}},
      {"fraction", one("F32", "[2.0]", "[0,8]"), {x, "shape", "[2.0]"}},
      {"text", one("F32", R"(["2"])", "[0,8]"), {x, "shape", "[\"2\"]"}},
      {"no list", one("F32", "2", "[0,8]"), {x, "shape", "got 2", "a list"}},
      {"size beyond 63 bits", one("F32", "[9223372036854775808]", "[0,8]"), {x, "shape", "2^63 - 1"}},
      {"product overflows", one("F32", "[4294967296,4294967296]", "[0,8]"), {x, "shape", "less than 2^63 bytes"}},
      {"wraps to 8 bytes", one("F32", "[2,2305843009213693953]", "[0,8]"), {x, "shape", "less than 2^63 bytes"}},
      {"overflows beside 0", one("F32", "[0,4294967296,4294967296]", "[0,0]"), {x, "less than 2^63 bytes"}},
      {"too long", one("F32", "[1]", "[0,8]"), {x, "data_offsets", "[0,8], 8 bytes", "4 bytes for f32(1,)"}},
      {"too short", one("F64", "[2]", "[0,8]"), {x, "data_offsets", "8 bytes", "16 bytes for f64(2,)"}},
      {"beyond the end", one("F32", "[2]", "[4,12]"), {x, "data_offsets", "[4,12]", "<= 8"}},
      {"end before begin", one("F32", "[2]", "[8,0]"), {x, "data_offsets", "begin <= end"}},
      {"negative offset", one("F32", "[2]", "[-8,0]"), {x, "data_offsets", "[-8,0]", "neither negative"}},
      {"three offsets", one("F32", "[2]", "[0,4,8]"), {x, "data_offsets", "two numbers"}},
      {"offset beyond 64 bits", one("F32", "[2]", "[0,18446744073709551616]"), {x, "data_offsets", "two numbers"}},
      {"bool of 2",
       safetensors_bytes(object(entry("x", "BOOL", "[3]", "[0,3]")), std::string("\1\0\2", 3)),
       {"'x'", "a BOOL of 2", "0 or 1"}},
  };
  for (const Broken& broken : table) expect_broken(broken);
}

TEST(BrokenSafetensorsTest, Cover) {
  const auto two = [](const std::string& first, const std::string& second) {
    return with_data(object(entry("x", "F32", "[1]", first) + "," + entry("y", "F32", "[1]", second)));
  };
  const std::vector<Broken> table{
      {"overlap", two("[0,4]", "[2,6]"), {"tensor \"y\"", "a begin of 2, an overlap", "expected 4"}},
      {"same bytes", two("[0,4]", "[0,4]"), {"tensor \"y\"", "an overlap"}},
      {"hole at the start", one("F32", "[1]", "[4,8]"), {"tensor \"x\"", "a begin of 4, a hole", "expected 0"}},
      {"hole between",
       safetensors_bytes(object(entry("x", "BOOL", "[1]", "[0,1]") + "," + entry("y", "BOOL", "[1]", "[2,3]")),
                         std::string(3, '\0')),
       {"tensor \"y\"", "a begin of 2, a hole", "expected 1"}},
      {"bytes behind", one("F32", "[1]", "[0,4]"), {"data", "got 8 bytes", "4 bytes"}},
      {"bytes without tensors", with_data("{}"), {"data", "got 8 bytes", "0 bytes"}},
      {"nothing inside a tensor",
       with_data(object(entry("x", "F32", "[2]", "[0,8]") + "," + entry("y", "F32", "[0]", "[4,4]"))),
       {"tensor \"y\"", "an overlap"}},
  };
  for (const Broken& broken : table) expect_broken(broken);
}

TEST(BrokenSafetensorsTest, TruncatedAnywhere) {
  const std::string whole =
      safetensors_bytes(object(R"("__metadata__":{"k":"v"},)" + entry("x", "F32", "[2]", "[0,8]")), raw<float>({1, 2}));
  EXPECT_NO_THROW(static_cast<void>(parse_safetensors(as_bytes(whole), "whole")));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_broken({"cut to " + std::to_string(size), whole.substr(0, size), {}});
  }
}

}  // namespace
}  // namespace rondo::test
