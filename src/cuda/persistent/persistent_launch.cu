#include "cuda/device/launch.cuh"
#include "cuda/device/launch_room.cuh"
#include "cuda/persistent/kernel/pack_tiles.cuh"
#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/persistent/shape/block_layout.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

KernelRows kernel_rows(const PersistentShape& shape) {
  return {.row_tiles = shape.row_tiles, .streams = shape.streams, .words = shape.words};
}

template <typename Operand>
PersistentKernel<Operand> kernel_of(const PersistentTask& task) {
  const KernelRows rows = kernel_rows(task.shape);
  switch (task.shape.kind) {
    case PersistentKind::block: return find_persistent_kernel<Operand, PersistentKind::block, 2>(task.cell, rows);
    case PersistentKind::cluster: return find_persistent_kernel<Operand, PersistentKind::cluster, 2>(task.cell, rows);
    case PersistentKind::grid:
      return dispatch_plain_cell(task.cell, [&]<typename Formula>(FormulaTag<Formula>) {
        const auto find = [&]<int kOctets>(FormulaTag<Formula>, Octets<kOctets>) {
          return find_persistent_kernel<Operand, PersistentKind::grid, kOctets>(task.cell, rows);
        };
        return dispatch_octets<Operand, Formula>(task.shape.octets, find);
      });
  }
  throw ValueError("kind", std::to_string(static_cast<int>(task.shape.kind)), "one of the PersistentKind values");
}

[[noreturn]] void throw_no_kernel(const PersistentShape& shape) {
  throw ValueError("kernel", candidate_name(shape), "one that there is");
}

template <typename Operand>
KeepingKernel<Operand> keeping_kernel_of(const PersistentTask& task) {
  const KernelRows rows = kernel_rows(task.shape);
  switch (task.shape.kind) {
    case PersistentKind::block: return find_keeping_kernel<Operand, PersistentKind::block, 2>(task.cell, rows);
    case PersistentKind::cluster: return find_keeping_kernel<Operand, PersistentKind::cluster, 2>(task.cell, rows);
    case PersistentKind::grid:
      if (task.shape.octets == 1) return find_keeping_kernel<Operand, PersistentKind::grid, 1>(task.cell, rows);
      if (task.shape.octets == 2) return find_keeping_kernel<Operand, PersistentKind::grid, 2>(task.cell, rows);
  }
  throw_no_kernel(task.shape);
}

template <typename Operand>
BackwardKernel<Operand> backward_kernel_of(const PersistentTask& task) {
  const KernelRows rows = kernel_rows(task.shape);
  if constexpr (kHasBackwardKernels<Operand>) {
    switch (task.shape.kind) {
      case PersistentKind::block: return find_backward_kernel<Operand, PersistentKind::block, 2>(task.cell, rows);
      case PersistentKind::cluster:
        if (!task.shape.scatters()) return find_backward_kernel<Operand, PersistentKind::cluster, 2>(task.cell, rows);
        if (task.shape.octets == 4) return find_scatter_kernel<Operand, 4>(task.cell, rows);
        if (task.shape.octets == kMostOctets) return find_scatter_kernel<Operand, kMostOctets>(task.cell, rows);
        break;
      case PersistentKind::grid:
        if (task.shape.octets == 1) return find_backward_kernel<Operand, PersistentKind::grid, 1>(task.cell, rows);
        if (task.shape.octets == 2) return find_backward_kernel<Operand, PersistentKind::grid, 2>(task.cell, rows);
    }
  }
  throw_no_kernel(task.shape);
}

template <typename Operand>
SharedLayout layout_of(const PersistentTask& task) {
  return dispatch_formula<Operand>(
      task.cell, task.shape, [&]<typename Formula, int kOctets>(FormulaTag<Formula>, Octets<kOctets>) {
        return shared_layout(task.shape, block_needs<Formula, Operand, kOctets>(task.shape));
      });
}

template <typename Operand>
device::LaunchConfig launch_config(const PersistentTask& task) {
  const PersistentShape& shape = task.shape;
  const bool cluster = shape.kind == PersistentKind::cluster;
  return {.grid = {static_cast<unsigned>(shape.teams * shape.blocks)},
          .block = {static_cast<unsigned>(shape.threads())},
          .shared_bytes = layout_of<Operand>(task).bytes,
          .stream = task.stream,
          .cluster_blocks = cluster ? static_cast<unsigned>(shape.blocks) : 1U,
          .cooperative = shape.kind == PersistentKind::grid};
}

}  // namespace

template <typename Operand>
std::int64_t PersistentKernels<Operand>::packed_vectors(const PersistentTask& task) {
  const PersistentShape& shape = task.shape;
  const std::int64_t tiles = std::int64_t{shape.blocks} * shape.threads() * shape.warp_tiles();
  return dispatch_formula<Operand>(task.cell, shape,
                                   [&]<typename Formula, int kOctets>(FormulaTag<Formula>, Octets<kOctets>) {
                                     return tiles * TileLayout<Formula, Operand, kOctets>::kVectors;
                                   });
}

template <typename Operand>
void PersistentKernels<Operand>::pack(const PersistentTask& task, const Element* kernel, std::int64_t K,
                                      device::Words4* packed) {
  const std::int64_t blocks = (packed_vectors(task) + kPackThreads - 1) / kPackThreads;
  const device::LaunchConfig config{
      .grid = {static_cast<unsigned>(blocks)}, .block = {kPackThreads}, .stream = task.stream};
  dispatch_formula<Operand>(task.cell, task.shape,
                            [&]<typename Formula, int kOctets>(FormulaTag<Formula>, Octets<kOctets>) {
                              device::launch(pack_tiles_kernel<Formula, Operand, kOctets>, config,
                                             PackTiles<Operand>{task.shape, K, kernel, packed});
                            });
}

template <typename Operand>
std::string PersistentKernels<Operand>::prepare(const PersistentTask& task) {
  const device::LaunchConfig config = launch_config<Operand>(task);
  if (task.shape.keeps) return device::prepare_if_room(keeping_kernel_of<Operand>(task), config);
  if (task.shape.is_backward()) return device::prepare_if_room(backward_kernel_of<Operand>(task), config);
  return device::prepare_if_room(kernel_of<Operand>(task), config);
}

template <typename Operand>
void PersistentKernels<Operand>::launch(const PersistentTask& task, const PersistentRun<Element>& run) {
  PersistentRun<Element> laid_out = run;
  laid_out.layout = layout_of<Operand>(task);
  device::launch(kernel_of<Operand>(task), launch_config<Operand>(task), laid_out);
}

template <typename Operand>
void PersistentKernels<Operand>::launch(const PersistentTask& task, const KeepingRun<Element>& run) {
  KeepingRun<Element> laid_out = run;
  laid_out.layout = layout_of<Operand>(task);
  device::launch(keeping_kernel_of<Operand>(task), launch_config<Operand>(task), laid_out);
}

template <typename Operand>
void PersistentKernels<Operand>::launch(const PersistentTask& task, const BackwardRun<Element>& run) {
  BackwardRun<Element> laid_out = run;
  laid_out.layout = layout_of<Operand>(task);
  device::launch(backward_kernel_of<Operand>(task), launch_config<Operand>(task), laid_out);
}

template struct PersistentKernels<BFloat16>;
template struct PersistentKernels<Float16>;
template struct PersistentKernels<device::Tf32>;
template struct PersistentKernels<device::Tf32x3>;
template struct PersistentKernels<float>;

}  // namespace rondo
