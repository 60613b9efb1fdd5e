/// The inputs of layers that join several tensors.
#pragma once

#include <vector>

#include "models/model_layer.h"

namespace rondo {

/// The places, among the tensors of a call, of the tensors of its first argument. Throws `ValueError` naming the layer
/// unless there are `least` to `most` of them, all of one dtype.
std::vector<int> joined_inputs(const CallSite& site, int least, int most);

/// What is known of the result of broadcasting two shapes. Throws `ValueError` naming the layer if they disagree.
Shape broadcast_notes(const CallSite& site, const Shape& a, const Shape& b);

/// A boolean argument of a call, false if the call does not have it. Throws `ValueError` naming the layer for anything
/// else.
bool flag_argument(const CallSite& site, const char* name);

}  // namespace rondo
