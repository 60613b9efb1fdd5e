#include "serving/stream_key.h"

#include <functional>
#include <random>
#include <string_view>

namespace rondo {
namespace {

constexpr std::size_t kLongestName = 60;

// The last steps of MurmurHash3: every bit of a number changes half of the result's bits.
std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccdULL;
  bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return bits ^ (bits >> 33);
}

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

StreamKeyHash::StreamKeyHash() : seed_(random_seed()) {}

std::size_t StreamKeyHash::operator()(const StreamKey& key) const {
  const std::string* const name = std::get_if<std::string>(&key);
  if (name == nullptr) return mixed(seed_ ^ std::get<std::uint64_t>(key));
  return mixed(~seed_ ^ std::hash<std::string_view>()(*name));
}

std::string describe(const StreamKey& key) {
  const std::string* const name = std::get_if<std::string>(&key);
  if (name == nullptr) return std::to_string(std::get<std::uint64_t>(key));
  if (name->size() <= kLongestName) return '"' + *name + '"';
  return '"' + name->substr(0, kLongestName) + "...\"";
}

}  // namespace rondo
