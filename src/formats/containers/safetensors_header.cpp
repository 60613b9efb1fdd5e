#include "formats/containers/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "formats/containers/json.h"
#include "formats/containers/raw_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestHeader = 100'000'000;
constexpr std::size_t kDepth = 3;  // {"name": {"shape": [...]}}

constexpr std::array<std::pair<const char*, DType>, 8> kDTypes{{{"F64", DType::f64},
                                                                {"F32", DType::f32},
                                                                {"F16", DType::f16},
                                                                {"BF16", DType::bf16},
                                                                {"I64", DType::i64},
                                                                {"I32", DType::i32},
                                                                {"BOOL", DType::boolean},
                                                                {"U8", DType::u8}}};

/// The dtypes of the format that Rondo does not have, and their bits.
constexpr std::array<std::pair<const char*, std::int64_t>, 15> kOtherDTypes{{{"I8", 8},
                                                                             {"I16", 16},
                                                                             {"U16", 16},
                                                                             {"U32", 32},
                                                                             {"U64", 64},
                                                                             {"C64", 64},
                                                                             {"F8_E4M3", 8},
                                                                             {"F8_E5M2", 8},
                                                                             {"F8_E8M0", 8},
                                                                             {"F8_E4M3FNUZ", 8},
                                                                             {"F8_E5M2FNUZ", 8},
                                                                             {"F6_E2M3", 6},
                                                                             {"F6_E3M2", 6},
                                                                             {"F4", 4},
                                                                             {"F4_E2M1", 4}}};

template <typename Value, std::size_t count>
std::optional<Value> looked_up(const std::array<std::pair<const char*, Value>, count>& table, const std::string& name) {
  for (const auto& [known, value] : table) {
    if (name == known) return value;
  }
  return std::nullopt;
}

std::string known_dtypes() {
  std::string known;
  for (const auto& [name, dtype] : kDTypes) known += (known.empty() ? "" : ", ") + std::string(name);
  return known;
}

std::vector<std::int64_t> parse_sizes(const json& value, const std::string& where) {
  if (!value.is_array()) throw ValueError(where + ": shape", shown(value), "a list of sizes");
  std::vector<std::int64_t> sizes;
  for (const json& size : value) {
    if (!size.is_number_unsigned() || size.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      throw ValueError(where + ": shape", shown(value), "sizes from 0 to 2^63 - 1");
    }
    sizes.push_back(size.get<std::int64_t>());
  }
  return sizes;
}

std::string text_of(const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (const std::int64_t size : sizes) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "(" + text + (sizes.size() == 1 ? ",)" : ")");
}

/// The bytes of a tensor that Rondo cannot hold, whose elements have `bits`.
std::uint64_t bytes_of(const std::vector<std::int64_t>& sizes, std::int64_t bits, const std::string& where) {
  const bool is_empty = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  std::int64_t extent = bits;
  for (const std::int64_t size : sizes) {
    if (!is_empty && __builtin_mul_overflow(extent, size, &extent)) {
      throw ValueError(where + ": shape", text_of(sizes), "one of less than 2^63 bits");
    }
  }
  if (is_empty) return 0;
  if (extent % 8 != 0) throw ValueError(where + ": shape", text_of(sizes), "whole bytes");
  return static_cast<std::uint64_t>(extent) / 8;
}

const json& member(const json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end()) throw ValueError(where, shown(object), std::string("an object with ") + key);
  return *found;
}

/// Offsets of `bytes` bytes; of any number where the dtype is one that nobody knows.
void parse_offsets(const json& offsets, std::optional<std::uint64_t> bytes, std::uint64_t data_size,
                   const std::string& where, SafetensorsEntry& entry) {
  const bool is_pair =
      offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned();
  if (!is_pair) throw ValueError(where + ": data_offsets", shown(offsets), "two numbers, neither negative");
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.begin > entry.end || entry.end > data_size) {
    throw ValueError(where + ": data_offsets", shown(offsets),
                     "begin <= end <= " + std::to_string(data_size) + ", the size of the data");
  }
  if (bytes && entry.end - entry.begin != *bytes) {
    const std::string kind =
        entry.unreadable ? entry.unreadable->came : to_string(entry.dtype) + to_string(entry.shape);
    throw ValueError(where + ": data_offsets",
                     shown(offsets) + ", " + std::to_string(entry.end - entry.begin) + " bytes",
                     std::to_string(*bytes) + " bytes for " + kind);
  }
}

SafetensorsEntry parse_entry(const std::string& name, const json& value, std::uint64_t data_size,
                             const std::string& where) {
  if (!value.is_object() || value.size() != 3) {
    throw ValueError(where, shown(value), "an object of dtype, shape and data_offsets");
  }
  const json& dtype = member(value, "dtype", where);
  if (!dtype.is_string()) throw ValueError(where + ": dtype", shown(dtype), "a name, one of " + known_dtypes());
  const std::vector<std::int64_t> sizes = parse_sizes(member(value, "shape", where), where);
  const std::string dtype_name = dtype.get<std::string>();
  const std::optional<DType> known = looked_up(kDTypes, dtype_name);
  SafetensorsEntry entry{.name = name};
  std::optional<std::uint64_t> bytes;
  if (known && sizes.size() <= kMaxRank) {
    entry.dtype = *known;
    entry.shape = Shape(std::span<const std::int64_t>(sizes));
    bytes = byte_count(entry.shape, entry.dtype, where);
  } else {
    entry.unreadable = {.name = name,
                        .came = dtype_name + text_of(sizes),
                        .expected = known ? "at most " + std::to_string(kMaxRank) + " axes"
                                          : "a dtype that Rondo has: " + known_dtypes()};
    const auto bits =
        known ? std::optional(static_cast<std::int64_t>(8 * size_of(*known))) : looked_up(kOtherDTypes, dtype_name);
    if (bits) bytes = bytes_of(sizes, *bits, where);
  }
  parse_offsets(member(value, "data_offsets", where), bytes, data_size, where, entry);
  return entry;
}

std::map<std::string, std::string> parse_metadata(const json& value, const std::string& where) {
  if (!value.is_object()) throw ValueError(where, shown(value), "an object of strings");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) throw ValueError(where + ": " + shown(key), shown(text), "a string");
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

/// Sorts entries by offset, and throws unless each tensor begins where the former ends.
void check_cover(std::vector<SafetensorsEntry>& entries, std::uint64_t data_size, const std::string& file) {
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != covered) {
      throw ValueError(
          file + ": tensor " + shown(entry.name) + ": data_offsets",
          "a begin of " + std::to_string(entry.begin) + (entry.begin < covered ? ", an overlap" : ", a hole"),
          std::to_string(covered) + ", the end of the tensor before it");
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    throw ValueError(file + ": data", std::to_string(data_size) + " bytes",
                     std::to_string(covered) + " bytes, the end of the last tensor");
  }
}

}  // namespace

std::string safetensors_name(DType dtype) {
  const auto found =
      std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& known) { return known.second == dtype; });
  return found->first;  // the table has all dtypes
}

std::uint64_t safetensors_header_size(const std::array<std::byte, kSafetensorsPrefix>& prefix, std::uint64_t file_size,
                                      const std::string& file) {
  std::uint64_t size = 0;
  for (std::size_t k = prefix.size(); k-- > 0;) size = (size << 8) | std::to_integer<std::uint64_t>(prefix[k]);
  if (size > kLargestHeader) {
    throw ValueError(file + ": header size", std::to_string(size),
                     "at most " + std::to_string(kLargestHeader) + " bytes");
  }
  if (size > file_size - kSafetensorsPrefix) {
    throw ValueError(file + ": header size", std::to_string(size),
                     "at most the " + std::to_string(file_size - kSafetensorsPrefix) + " bytes that follow it");
  }
  return size;
}

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size, const std::string& file) {
  if (text.empty() || text.front() != '{') {
    throw ValueError(file + ": header", text.empty() ? "nothing" : "no '{' at its start", "a JSON object");
  }
  const json document = parse_json(text, file + ": header", kDepth);
  SafetensorsHeader header;
  for (const auto& [name, value] : document.items()) {
    if (name == "__metadata__") {
      header.metadata = parse_metadata(value, file + ": __metadata__");
    } else {
      header.entries.push_back(parse_entry(name, value, data_size, file + ": tensor " + shown(name)));
    }
  }
  check_cover(header.entries, data_size, file);
  return header;
}

}  // namespace rondo
