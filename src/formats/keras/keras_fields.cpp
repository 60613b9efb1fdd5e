#include "formats/keras/keras_fields.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "formats/containers/json.h"
#include "formats/keras/keras_activation.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/activations/names.h"

namespace rondo {

using nlohmann::json;

KerasFields::KerasFields(const json& object, std::string where, const KerasOrigin& origin)
    : object_(object), where_(std::move(where)), origin_(origin) {
  if (!object.is_object()) throw ValueError(where_, shown(object), "a JSON object");
}

void KerasFields::refuse(const char* key, const std::string& expected) const {
  throw ValueError(where_ + ": " + key, contains(key) ? shown(value(key)) : "nothing", expected);
}

const json& KerasFields::value(const char* key) const {
  static const json kNone = nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? kNone : *found;
}

const json& KerasFields::at(const char* key, const char* expected) const {
  if (!contains(key)) refuse(key, expected);
  return value(key);
}

std::string KerasFields::text(const char* key) const {
  const json& value = at(key, "a string");
  if (!value.is_string()) refuse(key, "a string");
  return value.get<std::string>();
}

std::string KerasFields::text(const char* key, const std::string& fallback) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? fallback : text(key);
}

bool KerasFields::flag(const char* key, bool fallback) const {
  const auto found = object_.find(key);
  if (found == object_.end()) return fallback;
  if (!found->is_boolean()) refuse(key, "true or false");
  return found->get<bool>();
}

double KerasFields::number(const char* key, double fallback) const {
  const auto found = object_.find(key);
  if (found == object_.end() || found->is_null()) return fallback;
  if (!found->is_number()) refuse(key, "a number");
  return found->get<double>();
}

std::uint64_t KerasFields::seed() const {
  const auto found = object_.find("seed");
  return found != object_.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

namespace {

constexpr const char* kCount = "a whole number from 1 to 2^31 - 1";

bool is_count(const json& value) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  return value.is_number_unsigned() && value.get<std::uint64_t>() >= 1 && value.get<std::uint64_t>() <= kMost;
}

}  // namespace

std::int64_t KerasFields::count(const char* key) const {
  const json& value = at(key, kCount);
  if (!is_count(value)) refuse(key, kCount);
  return value.get<std::int64_t>();
}

std::vector<std::int64_t> KerasFields::counts(const char* key, const std::vector<std::int64_t>& fallback) const {
  constexpr std::size_t kMost = 8;
  const auto found = object_.find(key);
  if (found == object_.end()) return fallback;
  if (is_count(*found)) return {found->get<std::int64_t>()};
  if (!found->is_array() || found->size() > kMost || !std::all_of(found->begin(), found->end(), is_count)) {
    refuse(key, "whole numbers from 1 to 2^31 - 1");
  }
  return found->get<std::vector<std::int64_t>>();
}

Activation KerasFields::activation(const char* key, Activation fallback) const {
  const auto found = object_.find(key);
  if (found == object_.end()) return fallback;
  const KerasActivation activation = parse_keras_activation(*found, where_ + ": " + key, origin_);
  if (!activation.known) refuse(key, expected_keras_activation(activation.name));
  return *activation.known;
}

const json& KerasFields::object(const char* key) const {
  const json& value = at(key, "an object");
  if (!value.is_object()) refuse(key, "an object");
  return value;
}

const json& KerasFields::list(const char* key) const {
  const json& value = at(key, "a list");
  if (!value.is_array()) refuse(key, "a list");
  return value;
}

}  // namespace rondo
