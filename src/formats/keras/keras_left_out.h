/// The groups of Keras's HDF5 files that hold no weights, and the check that nothing else is left out.
#pragma once

#include <string>

#include "formats/containers/array_group.h"

namespace rondo {

/// Whether the group `name` of `parent` holds state that no layer computes with: that of an optimizer, of metrics, or
/// of random generators.
bool is_no_weight(const ArrayGroup& parent, const std::string& name);

/// Throws `ValueError` naming the unread datasets below `root`, except those in groups for which is_no_weight is true.
void refuse_unread(const ArrayGroup& root);

}  // namespace rondo
