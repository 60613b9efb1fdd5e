/// Several files of groups as one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/containers/array_group.h"

namespace rondo {

/// The root of the union of files, whose groups of one path are one group with the members of all. `roots` has the root
/// of each file; messages call the whole `file`. A member that is an array in one file and anything in another is a
/// `ValueError` when it is asked for.
ArrayGroup merged_root(std::vector<std::shared_ptr<const GroupSource>> roots, const std::string& file);

}  // namespace rondo
