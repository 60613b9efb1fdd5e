/// The custom cells that golden cases name; README.md has their formulas.
#pragma once

#include <memory>
#include <string>

#include "agreement/golden/golden_case.h"
#include "rondo/keras/cells.h"

namespace rondo::golden {

/// A cell of the class `type` with the weights under `prefix`; null for a class of Rondo.
std::shared_ptr<Cell> make_own_cell(const GoldenCase& golden, const std::string& type, const std::string& prefix);

}  // namespace rondo::golden
