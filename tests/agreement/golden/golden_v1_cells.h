/// The cells of the TensorFlow 1 cases, as README.md describes them.
#pragma once

#include <memory>

#include "agreement/golden/golden_case.h"
#include "rondo/keras/cells.h"

namespace rondo::golden {

/// The cell that `description` tells of, with the case's weights under `prefix`.
std::shared_ptr<Cell> make_v1_cell(const GoldenCase& golden, const nlohmann::json& description,
                                   const std::string& prefix);

/// `name/0`, `name/1`, ... as one state of `cell`; absent where there are none.
std::optional<Nest> v1_state(const GoldenCase& golden, const Cell& cell, const std::string& name);

}  // namespace rondo::golden
