/// What the processor can do beyond its baseline, for the reader of explain().
#pragma once

#include <string>
#include <string_view>

namespace rondo::fused {

/// The features of this processor that matter to recurrences and that the operating system has enabled, with the names
/// of Linux and blanks between them: "sse4_2 avx2 fma f16c avx512f". "no vector extensions" where it has none of them,
/// or where the kind of processor is not known.
const std::string& processor_features();

/// Whether `features`, as above, name a feature.
bool has_feature(std::string_view features, std::string_view name);

}  // namespace rondo::fused
