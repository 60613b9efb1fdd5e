#include "rondo/formats/keras_registry.h"

#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {

std::string KerasRegistry::new_name(const std::string& name) const {
  if (name.empty()) throw ValueError("name", "''", "the name of a class, such as \"mine>MyLSTM\"");
  std::string whole = name.find('>') == std::string::npos ? "Custom>" + name : name;
  if (classes_.count(whole) != 0 || cells_.count(whole) != 0) {
    throw ValueError("name", "'" + whole + "' again", "each class once");
  }
  return whole;
}

KerasRegistry& KerasRegistry::add(const std::string& name, const std::string& keras_class) {
  classes_.emplace(new_name(name), keras_class);
  return *this;
}

KerasRegistry& KerasRegistry::add(const std::string& name, KerasCellFactory make) {
  if (!make) throw ValueError("make", "no function", "one that makes a cell");
  cells_.emplace(new_name(name), std::move(make));
  return *this;
}

const std::string& KerasRegistry::keras_class(const std::string& name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? name : found->second;
}

const KerasCellFactory* KerasRegistry::cell_factory(const std::string& name) const {
  const auto found = cells_.find(name);
  return found == cells_.end() ? nullptr : &found->second;
}

}  // namespace rondo
