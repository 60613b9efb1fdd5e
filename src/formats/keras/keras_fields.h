/// Typed access to one object of a Keras configuration.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rondo/vocabulary/activation.h"

namespace rondo {

class KerasRegistry;

/// The file of a configuration, for messages, and what decides what its names mean.
struct KerasOrigin {
  std::string file;
  int major = 3;  ///< of the Keras that wrote the file: 2 and 3 have different functions named "hard_sigmoid"
  int minor = 0;
  const KerasRegistry* registry = nullptr;  ///< null for one without classes
  std::string inside = {};                  ///< the models around the layer, for messages: "encoder/"

  bool before(int other_major, int other_minor) const {
    return major < other_major || (major == other_major && minor < other_minor);
  }
};

/// The members of `object`. Every function throws `ValueError` naming `where` and the key when the value has another
/// type than asked for, or is missing and has no fallback. Keeps references to `object` and `origin`.
class KerasFields {
 public:
  KerasFields(const nlohmann::json& object, std::string where, const KerasOrigin& origin);

  const std::string& where() const { return where_; }
  const KerasOrigin& origin() const { return origin_; }

  bool contains(const char* key) const { return object_.contains(key); }
  std::string text(const char* key) const;
  std::string text(const char* key, const std::string& fallback) const;
  bool flag(const char* key, bool fallback) const;
  double number(const char* key, double fallback) const;
  std::int64_t units() const { return count("units"); }
  /// A whole number from 1.
  std::int64_t count(const char* key) const;
  /// One whole number from 1 or a list of them; `fallback` if there is no such key.
  std::vector<std::int64_t> counts(const char* key, const std::vector<std::int64_t>& fallback) const;
  /// The seed; 0 if there is none, or if the seed is not a whole number from 0.
  std::uint64_t seed() const;
  Activation activation(const char* key, Activation fallback) const;
  /// The value of a key; null if there is none.
  const nlohmann::json& value(const char* key) const;
  const nlohmann::json& object(const char* key) const;
  const nlohmann::json& list(const char* key) const;
  /// Throws `ValueError` for the value of a key, or for the lack of one.
  [[noreturn]] void refuse(const char* key, const std::string& expected) const;

 private:
  const nlohmann::json& at(const char* key, const char* expected) const;

  const nlohmann::json& object_;
  std::string where_;
  const KerasOrigin& origin_;
};

}  // namespace rondo
