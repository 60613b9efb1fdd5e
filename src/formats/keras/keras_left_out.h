/// What Keras's HDF5 files hold that is no weight, and the check that nothing else is left out.
#pragma once

#include <string>

#include "formats/containers/hdf5_group.h"

namespace rondo {

/// Whether the group `name` of `parent` holds what no layer computes with: an optimizer's state, the numbers that
/// metrics have counted, the state of random generators.
bool is_no_weight(const HdfGroup& parent, const std::string& name);

/// Throws `ValueError` naming the datasets below `root` that have not been read and are in no such group.
void refuse_unread(const HdfGroup& root);

}  // namespace rondo
