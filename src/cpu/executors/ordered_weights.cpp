#include "cpu/executors/ordered_weights.h"

#include "cpu/fused/pack_memory.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/workspace.h"

namespace rondo {
namespace {

using Matrices = std::array<MatrixView<const float>, 4>;
using Panels = std::array<float*, 4>;

int gates_of_first_phase(const CellSpec& cell) {
  return dispatch_cell(cell, []<typename Formula>(FormulaTag<Formula>) { return int{Formula::kProductsBeforeReset}; });
}

/// The kernel, the columns of the recurrent kernel for both phases, and the projection; those that the cell does not
/// have are empty.
Matrices matrices_of(const RecurrenceSpec& spec, const WeightBuffers& weights) {
  const std::int64_t H = spec.cell.units;
  const std::int64_t columns = gate_count(spec.cell.kind) * H;
  const std::int64_t features = output_units(spec.cell);
  const std::int64_t first = gates_of_first_phase(spec.cell) * H;
  const auto* const recurrent = static_cast<const float*>(weights.recurrent_kernel);
  const bool projects = spec.cell.projection_units.has_value();
  return {{{static_cast<const float*>(weights.kernel), spec.I, columns, columns},
           {recurrent, features, first, columns},
           {recurrent + first, H, columns - first, columns},
           {static_cast<const float*>(weights.projection), H, projects ? features : 0, features}}};
}

/// Cuts the panels of all matrices out of memory, or counts its bytes for null.
Panels lay_out(const Matrices& matrices, WorkspaceCutter& cutter) {
  Panels panels{};
  for (std::size_t k = 0; k < panels.size(); ++k) {
    panels[k] = cutter.take<float>(OrderedProduct::panel_floats(matrices[k].rows, matrices[k].cols));
  }
  return panels;
}

}  // namespace

OrderedWeights::OrderedWeights(const RunnerRequest& request) {
  const Matrices matrices = matrices_of(request.spec, request.weights);
  WorkspaceCutter counter(nullptr);
  static_cast<void>(lay_out(matrices, counter));
  const std::size_t bytes = counter.used();
  pack_ = packed(request,
                 {.key = "panels in the order of k",
                  .allocate = [bytes, device = request.spec.device] { return fused::allocate_pack(bytes, device); },
                  .fill =
                      [bytes, matrices](const Tensor& memory) {
                        WorkspaceCutter cutter(fused::first_byte_of_pack(memory, bytes));
                        const Panels panels = lay_out(matrices, cutter);
                        for (std::size_t k = 0; k < panels.size(); ++k) {
                          OrderedProduct::pack(matrices[k], panels[k]);
                        }
                      }});
  WorkspaceCutter cutter(fused::first_byte_of_pack(pack_->memory(), bytes));
  const Panels panels = lay_out(matrices, cutter);
  for (std::size_t k = 0; k < panels.size(); ++k) {
    products_[k] = OrderedProduct(panels[k], matrices[k].rows, matrices[k].cols);
  }
}

}  // namespace rondo
