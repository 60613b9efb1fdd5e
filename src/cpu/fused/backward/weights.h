/// The transposed weights, in panels, that gradients are multiplied by.
#pragma once

#include "cpu/fused/backward/shape.h"
#include "cpu/fused/panel_matrix.h"
#include "recurrence/executor.h"

namespace rondo::fused {

class TransposedWeights {
 public:
  TransposedWeights(const RunnerRequest& request, const GradientShape& shape, int lanes);

  /// W': a row for each column of the gates, panels of inputs.
  PanelMatrix kernel() const { return matrix(kernel_, rows_); }
  /// U' of the gates first .. last - 1, panels of h.
  PanelMatrix recurrent_kernel(std::int64_t first, std::int64_t last) const;
  /// The transposed projection: a row for each feature of h, panels of units; empty without a projection.
  PanelMatrix projection() const { return {projection_, projection_panel_bytes_, projection_rows_}; }
  std::int64_t bytes() const { return bytes_; }

 private:
  TransposedWeights() = default;
  std::size_t lay_out(const RecurrenceSpec& spec, const GradientShape& shape, void* base);
  PanelMatrix matrix(const std::byte* panels, std::int64_t K) const { return {panels, panel_bytes_, K}; }

  std::shared_ptr<const WeightPack> pack_;
  std::int64_t bytes_ = 0;
  std::int64_t rows_ = 0;  ///< of W' and U' : gates times gate_stride
  std::int64_t gate_stride_ = 0;
  std::int64_t row_bytes_ = 0;  ///< of a panel's row
  std::int64_t panel_bytes_ = 0;
  std::byte* kernel_ = nullptr;
  std::byte* recurrent_kernel_ = nullptr;
  std::int64_t projection_rows_ = 0;
  std::int64_t projection_panel_bytes_ = 0;
  std::byte* projection_ = nullptr;
};

}  // namespace rondo::fused
