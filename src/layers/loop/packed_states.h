/// Conversions between a cell's list of states and one nest.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rondo/keras/rnn.h"
#include "rondo/tensor/nest.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

/// A nest of `children` with the kind and the names of `like`, which must have the same number of children.
inline Nest with_children(const SizeNest& like, States children) {
  if (like.kind() == SizeNest::Kind::list) return Nest::list(std::move(children));
  if (like.kind() == SizeNest::Kind::tuple) return Nest::tuple(std::move(children));
  std::vector<std::pair<std::string, Nest>> fields;
  for (std::size_t k = 0; k < children.size(); ++k) fields.emplace_back(like.names()[k], std::move(children[k]));
  return Nest::named(std::move(fields));
}

/// Throws `ValueError` for another number of states than `expected`.
inline void check_state_count(const std::string& name, const States& states, std::size_t expected) {
  if (states.size() == expected) return;
  throw ValueError(name, std::to_string(states.size()) + " states", std::to_string(expected));
}

/// A cell's states in the structure of `state_size`; if that is a leaf, the only state. Throws `ValueError` for another
/// number of states.
inline Nest pack_states(const SizeNest& state_size, States states) {
  check_state_count("new states", states, state_size.is_leaf() ? 1 : state_size.children().size());
  return state_size.is_leaf() ? states[0] : with_children(state_size, std::move(states));
}

/// The reverse of pack_states. `packed` must have the structure of `state_size`.
inline States unpack_states(const SizeNest& state_size, const Nest& packed) {
  return state_size.is_leaf() ? States{packed} : packed.children();
}

}  // namespace rondo
