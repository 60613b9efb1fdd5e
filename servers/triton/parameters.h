/// The `parameters` of a configuration.
#pragma once

#include "config_fields.h"
#include "model_config.h"

namespace rondo::triton {

/// Reads `parameters { key: "threads" value: { string_value: "2" } }` and so on. Throws `ValueError` for a name that
/// the backend does not know, and for values that do not fit.
Parameters read_parameters(const Json& parameters);

}  // namespace rondo::triton
