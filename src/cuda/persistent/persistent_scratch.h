/// What a persistent executor keeps in the workspace of a run.
#pragma once

#include "cuda/persistent/shape/persistent_shape.h"
#include "cuda/products/product.h"
#include "recurrence/workspace.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The parts of the workspace; null where the kernel multiplies x itself.
struct PersistentScratch {
  void* product_workspace = nullptr;  ///< first, because its alignment is the strictest
  float* input_sums = nullptr;        ///< T B G H: x W
};

inline PersistentScratch cut_persistent_scratch(const RecurrenceSpec& spec, const PersistentShape& shape,
                                                WorkspaceCutter& cutter) {
  PersistentScratch scratch;
  if (shape.multiplies_inputs()) return scratch;
  scratch.product_workspace = cutter.take<std::byte>(Product::kWorkspaceBytes);
  scratch.input_sums = cutter.take<float>(spec.T * spec.B * gate_count(spec.cell.kind) * spec.cell.units);
  return scratch;
}

inline PersistentScratch persistent_scratch(const RecurrenceSpec& spec, const PersistentShape& shape, void* workspace) {
  WorkspaceCutter cutter(workspace);
  return cut_persistent_scratch(spec, shape, cutter);
}

inline std::size_t persistent_scratch_bytes(const RecurrenceSpec& spec, const PersistentShape& shape) {
  WorkspaceCutter cutter(nullptr);
  cut_persistent_scratch(spec, shape, cutter);
  return cutter.used();
}

}  // namespace rondo
