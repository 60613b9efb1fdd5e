/// The object of a `rondo_network`.
#pragma once

#include <string>

#include "c_api/handles.h"
#include "rondo/c/network.h"
#include "rondo/formats/loaded_network.h"

namespace rondo::c_api {

template <>
struct HandleTraits<rondo_network> {
  using Object = LoadedNetwork;
  static constexpr HandleKind kKind = HandleKind::network;
};

}  // namespace rondo::c_api
