/// The options that a session gives the provider.
#pragma once

#include <string>
#include <vector>

#include "rondo/vocabulary/dtype.h"
#include "runtime.h"

namespace rondo::ort {

inline constexpr const char* kProviderName = "RondoExecutionProvider";

struct ProviderOptions {
  /// The most threads of a run; 0: those of the runtime, as many as the session has.
  int threads = 0;
  /// Operators that are left to others.
  std::vector<std::string> leave_out = {};
  MatrixMath math = MatrixMath::strict;

  bool lends_threads() const { return threads == 0; }
  bool leaves_out(const std::string& op_type) const;
};

/// Throws `ValueError` for an option that the provider does not know, and for values that do not fit.
ProviderOptions read_options(const Runtime& runtime, const OrtSessionOptions& options);

}  // namespace rondo::ort
