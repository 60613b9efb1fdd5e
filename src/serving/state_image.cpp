#include "serving/state_image.h"

#include <cstring>
#include <string>

#include "rondo/vocabulary/error.h"
#include "serving/checksum.h"

namespace rondo {
namespace {

constexpr std::uint64_t kMagic = 0x6574617473646e72;  // "rndstate" where the least byte comes first
constexpr std::uint64_t kVersion = 1;

struct Head {
  std::uint64_t magic = kMagic;
  std::uint64_t version = kVersion;
  std::uint64_t fingerprint = 0;
  std::uint64_t dtype = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< of the members above, and of the states
};

static_assert(sizeof(Head) == kStateHeadBytes);

std::uint64_t checksum_of(const Head& head, std::span<const std::byte> states) {
  Checksum checksum;
  for (const std::uint64_t number : {head.magic, head.version, head.fingerprint, head.dtype, head.bytes}) {
    checksum.add(number);
  }
  checksum.add(states);
  return checksum.sum();
}

void expect(const char* what, std::uint64_t came, std::uint64_t expected, const char* why) {
  if (came == expected) return;
  throw ValueError("state", what + (" " + std::to_string(came)), std::to_string(expected) + why);
}

}  // namespace

std::vector<std::byte> empty_image(const StateImage& image) {
  return std::vector<std::byte>(kStateHeadBytes + image.bytes);
}

void seal(const StateImage& image, std::span<std::byte> bytes) {
  Head head{.fingerprint = image.fingerprint, .dtype = static_cast<std::uint64_t>(image.dtype), .bytes = image.bytes};
  head.checksum = checksum_of(head, bytes.subspan(kStateHeadBytes));
  std::memcpy(bytes.data(), &head, sizeof(head));
}

std::span<const std::byte> checked_states(const StateImage& expected, std::span<const std::byte> bytes) {
  Head head;
  if (bytes.size() < sizeof(head)) {
    throw ValueError("state", std::to_string(bytes.size()) + " bytes",
                     std::to_string(kStateHeadBytes + expected.bytes) + ", as export_state gives");
  }
  std::memcpy(&head, bytes.data(), sizeof(head));
  if (head.magic != kMagic) throw ValueError("state", "other bytes", "what export_state gives");
  expect("version", head.version, kVersion, "");
  expect("fingerprint", head.fingerprint, expected.fingerprint, ", that of this pool's model");
  expect("dtype number", head.dtype, static_cast<std::uint64_t>(expected.dtype), ", that of this pool");
  expect("bytes of states", head.bytes, expected.bytes, ", as this pool has");
  expect("bytes", bytes.size(), kStateHeadBytes + expected.bytes, ", as export_state gives");
  const std::span<const std::byte> states = bytes.subspan(kStateHeadBytes);
  if (head.checksum != checksum_of(head, states)) {
    throw ValueError("state", "damaged bytes", "those that export_state gave");
  }
  return states;
}

}  // namespace rondo
