/// The persistent kernels, and how the host finds, prepares and starts them.
#pragma once

#include <string>

#include "cuda/persistent/kernel/backward_run.h"
#include "cuda/persistent/kernel/persistent_run.h"
#include "cuda/persistent/shape/operand_traits.h"
#include "rondo/recurrence/cell_spec.h"

namespace rondo {

template <typename Operand>
using PersistentKernel = void (*)(PersistentRun<typename OperandTraits<Operand>::Element>);

template <typename Operand>
using KeepingKernel = void (*)(KeepingRun<typename OperandTraits<Operand>::Element>);

template <typename Operand>
using BackwardKernel = void (*)(BackwardRun<typename OperandTraits<Operand>::Element>);

/// Whether there are kernels of gradients for an Operand.
template <typename Operand>
inline constexpr bool kHasBackwardKernels = !std::is_same_v<Operand, device::Tf32x3>;

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

/// As find_persistent_kernel, for runs that keep a reserve.
template <typename Operand, PersistentKind kKind, int kOctets>
KeepingKernel<Operand> find_keeping_kernel(const CellSpec& cell, const KernelRows& rows);

/// As find_persistent_kernel, for the gradients of a cell.
template <typename Operand, PersistentKind kKind, int kOctets>
BackwardKernel<Operand> find_backward_kernel(const CellSpec& cell, const KernelRows& rows);

/// As find_backward_kernel, for clusters whose blocks scatter sums, and a cell whose gates have one product.
template <typename Operand, int kOctets>
BackwardKernel<Operand> find_scatter_kernel(const CellSpec& cell, const KernelRows& rows);

/// A cell's recurrence or its gradients, shared out over blocks.
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
  /// With a shape of gradients, the recurrent kernel is packed transposed.
  static void pack(const PersistentTask& task, const Element* kernel, std::int64_t K, device::Words4* packed);
  /// Must be called once before launches. Returns a clause that says why the device cannot run the kernel after all, as
  /// a small slice of a GPU cannot; empty where it can.
  static std::string prepare(const PersistentTask& task);
  /// Queues the whole recurrence.
  static void launch(const PersistentTask& task, const PersistentRun<Element>& run);
  /// The same with a shape that keeps a reserve.
  static void launch(const PersistentTask& task, const KeepingRun<Element>& run);
  /// Queues all steps of the gradients, with a shape of gradients.
  static void launch(const PersistentTask& task, const BackwardRun<Element>& run);
};

}  // namespace rondo
