/// Typed access to the configuration of a layer: KerasFields with whole numbers, lists and dtypes.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "formats/keras/keras_fields.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// The largest size that a configuration may have.
inline constexpr std::int64_t kLargestSize = std::numeric_limits<std::int32_t>::max();

/// The members of a layer's "config". Every function throws `ValueError` naming file, layer and key, as KerasFields.
/// Keeps references to `object` and `origin`.
class LayerFields : public KerasFields {
 public:
  using KerasFields::KerasFields;

  /// A whole number of least .. most. Throws for a missing key if there is no fallback.
  std::int64_t whole(const char* key, std::int64_t least, std::int64_t most = kLargestSize) const;
  std::int64_t whole_or(const char* key, std::int64_t fallback, std::int64_t least,
                        std::int64_t most = kLargestSize) const;
  /// A list of whole numbers of least .. most, or one of them, which stands for a list of one.
  std::vector<std::int64_t> wholes(const char* key, std::int64_t least, std::int64_t most = kLargestSize) const;
  /// A float: a number, or `fallback` for null and a missing key. Keras 3 may write {"class_name": "__numpy__", ...}.
  double real(const char* key, double fallback) const;
  /// The dtype that "dtype" names: a name, or a policy. A mixed policy is f32, the dtype of its weights.
  DType dtype(DType fallback) const;
};

}  // namespace rondo
