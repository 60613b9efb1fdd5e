/// The kinds of cells by their names.
#pragma once

#include <stdexcept>
#include <string>

#include "rondo/recurrence/cell_spec.h"

namespace rondo::test {

/// The kind whose name, as to_string has it, a file of a test has. MGU is not among them.
inline CellKind kind_from_name(const std::string& name) {
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    if (to_string(kind) == name) return kind;
  }
  throw std::out_of_range("no kind of cell has the name '" + name + "'");
}

}  // namespace rondo::test
