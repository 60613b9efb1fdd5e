/// The only place where a cell known at run time becomes a type. A new cell needs a row here.
#pragma once

#include "recurrence/cells/gru.h"
#include "recurrence/cells/lstm.h"
#include "recurrence/cells/mgu.h"
#include "recurrence/cells/simple_rnn.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

template <typename Type>
struct FormulaTag {
  using Formula = Type;
};

/// Calls `function(FormulaTag<Formula>{})` with the formula of `cell`, which must be plain, and returns its result.
/// Throws `ValueError` for a kind that is no CellKind value.
template <typename Function>
decltype(auto) dispatch_plain_cell(const CellSpec& cell, Function&& function) {
  switch (cell.kind) {
    case CellKind::simple_rnn: return function(FormulaTag<SimpleRnnFormula>{});
    case CellKind::lstm: return function(FormulaTag<LstmFormula>{});
    case CellKind::gru:
      return cell.reset_after ? function(FormulaTag<GruResetAfterFormula>{})
                              : function(FormulaTag<GruResetBeforeFormula>{});
    case CellKind::mgu: return function(FormulaTag<MguFormula>{});
  }
  throw ValueError("cell kind", std::to_string(static_cast<int>(cell.kind)), "one of the CellKind values");
}

/// Does what dispatch_plain_cell does, for any cell: an LSTM that is not plain has LstmVariantFormula.
template <typename Function>
decltype(auto) dispatch_cell(const CellSpec& cell, Function&& function) {
  if (!is_plain(cell)) return function(FormulaTag<LstmVariantFormula>{});
  return dispatch_plain_cell(cell, function);
}

}  // namespace rondo
