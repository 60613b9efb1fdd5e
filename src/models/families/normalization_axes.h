/// Axes of normalizations, and weights along them.
#pragma once

#include <span>
#include <vector>

#include "models/model_layer.h"

namespace rondo {

/// The axes that a configuration lists, counted from the end or not, as axes of a tensor: sorted, without the batch.
/// Throws `ValueError` naming the layer for an axis that is not there, or twice.
std::vector<int> axes_of_call(const CallSite& site, std::span<const std::int64_t> listed, int rank);

/// A weight with one axis for each of `axes`, as a tensor of a rank that broadcasts with the inputs. Throws
/// `ValueError` unless its sizes are those of `input`.
Tensor along_axes(const CallSite& site, const Tensor& weight, std::span<const int> axes, const TensorNote& input);

/// x by its Euclidean length over some axes; lengths below `least` count as `least`.
Tensor length_normalized(const Tensor& x, const std::vector<int>& axes, double least);

/// Whether each time step is normalized by itself.
bool is_stepwise(std::span<const int> axes, int rank);

}  // namespace rondo
