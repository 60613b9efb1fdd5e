/// Makes the cells of the TensorFlow 1 cases, which README.md describes.
#pragma once

#include <memory>

#include "agreement/golden/golden_case.h"
#include "rondo/keras/cells.h"

namespace rondo::golden {

/// The cell of `description`, with the case's weights under `prefix`.
std::shared_ptr<Cell> make_v1_cell(const GoldenCase& golden, const nlohmann::json& description,
                                   const std::string& prefix);

/// The tensors `name/0`, `name/1`, ... as one state of `cell`; absent where the case has none.
std::optional<Nest> v1_state(const GoldenCase& golden, const Cell& cell, const std::string& name);

}  // namespace rondo::golden
