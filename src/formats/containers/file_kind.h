/// What readers ask about kinds of files.
#pragma once

#include <cstddef>
#include <string>

#include "rondo/formats/file_kind.h"

namespace rondo {

/// So many bytes from the start of a file are enough for file_kind.
inline constexpr std::size_t kFileKindBytes = 4096;

/// Throws the `ValueError` of `file`, if its kind is known and not `wanted`. A file of unknown kind is left to the
/// reader, whose message says more.
void refuse_other_kind(const std::string& file, FileKind came, FileKind wanted, const std::string& expected);

}  // namespace rondo
