/// The persistent kernels, and how the host finds, prepares and starts them.
#pragma once

#include <string>

#include "cuda/persistent/kernel/persistent_run.h"
#include "cuda/persistent/shape/operand_traits.h"
#include "rondo/recurrence/cell_spec.h"

namespace rondo {

template <typename Operand>
using PersistentKernel = void (*)(PersistentRun<typename OperandTraits<Operand>::Element>);

/// The fields of PersistentShape that choose a kernel of a cell.
struct KernelRows {
  int row_tiles = 1;
  Streams streams = Streams::each_pass;
  GridWords words = GridWords::none;
};

/// The kernel for a cell. Each Operand and kind has a file of its own, persistent_<kind>_<dtype>.cu, because kernels
/// take long to compile; a grid has one for each number of octets.
template <typename Operand, PersistentKind kKind, int kOctets>
PersistentKernel<Operand> find_persistent_kernel(const CellSpec& cell, const KernelRows& rows);

/// A cell's recurrence, shared out over blocks.
struct PersistentTask {
  PersistentShape shape = {};
  CellSpec cell = {};
  Stream stream = {};
};

/// What the host does with the kernels for an Operand.
template <typename Operand>
struct PersistentKernels {
  using Element = typename OperandTraits<Operand>::Element;

  /// Vectors of 16 bytes that the packed recurrent kernel has; those of W, with a shape of PersistentShape::of_inputs.
  static std::int64_t packed_vectors(const PersistentTask& task);
  /// Queues the packing of `kernel`, (K, G H): the recurrent kernel, or W with a shape of PersistentShape::of_inputs.
  static void pack(const PersistentTask& task, const Element* kernel, std::int64_t K, device::Words4* packed);
  /// Must be called once before launches. Returns a clause that says why the device cannot run the kernel after all, as
  /// a small slice of a GPU cannot; empty where it can.
  static std::string prepare(const PersistentTask& task);
  /// Queues the whole recurrence.
  static void launch(const PersistentTask& task, const PersistentRun<Element>& run);
};

}  // namespace rondo
