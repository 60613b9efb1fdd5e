/// Python's capsules of DLPack.
#pragma once

#include "arrays.h"

namespace rondo::python {

/// What an object's `__dlpack__` exports; versioned where it can, else legacy.
Array from_exporter(nb::handle object, const char* argument);
/// What a capsule holds, which is used then. The work of its owner is no longer waited for: that is the caller's business.
/// Throws `TypeError`, naming `argument`, for anything but an unused capsule of DLPack.
Array from_capsule(nb::handle capsule, const char* argument);

/// What Python's array API hands to `__dlpack__`.
struct ExportRequest {
  nb::object stream;       ///< None: no stream is named; -1: the receiver orders the streams itself
  nb::object max_version;  ///< None: the receiver knows the legacy struct alone
};
/// A capsule of a view of `array`. Throws BufferError for memory that the receiver would take for writable.
nb::object to_capsule(const Array& array, const ExportRequest& request);

}  // namespace rondo::python
