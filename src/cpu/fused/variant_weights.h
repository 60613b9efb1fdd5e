/// The weights that an LSTM's variants have beyond a plain one's, packed.
#pragma once

#include <memory>

#include "cpu/fused/kernels.h"
#include "cpu/fused/panel_matrix.h"
#include "recurrence/executor.h"

namespace rondo::fused {

/// The cell of the gates before a projection.
CellSpec without_projection(CellSpec cell);

/// How a projection (H, P) lies in panels, each kMostVectors wide. Without a projection all are 0.
struct ProjectionShape {
  std::int64_t H = 0;
  std::int64_t P = 0;
  std::int64_t width = 0;  ///< floats of a panel's row

  ProjectionShape(const CellSpec& cell, int lanes);
  std::int64_t panels() const { return P == 0 ? 0 : (P + width - 1) / width; }
  /// P rounded up to whole panels.
  std::int64_t padded() const { return panels() * width; }
};

/// Peepholes in f32 and the panels of a projection in the spec's dtype, in memory that runners with the same
/// WeightPacks share. A plain cell has neither, and no memory.
class VariantWeights {
 public:
  VariantWeights(const RunnerRequest& request, int lanes);

  /// What the gates take. Its pointers are valid as long as the VariantWeights.
  const LstmVariant& lstm() const { return lstm_; }
  /// [panel][k][lane] of H rows; empty without a projection.
  PanelMatrix projection() const { return projection_; }

 private:
  LstmVariant lstm_;
  PanelMatrix projection_{};
  std::shared_ptr<const WeightPack> pack_;
};

}  // namespace rondo::fused
