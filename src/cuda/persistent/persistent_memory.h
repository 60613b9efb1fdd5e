/// What runners of persistent kernels allocate and pack for a session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "recurrence/executor.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// A kernel of the request's weights: (K, G H) at `address`.
struct NamedKernel {
  std::string name;
  const void* address = nullptr;
  std::int64_t K = 0;
};

/// The kernel as the blocks of the task's shape read it.
template <typename Operand>
std::shared_ptr<const WeightPack> pack_kernel(const RunnerRequest& request, const PersistentTask& task,
                                              const NamedKernel& kernel) {
  using Kernels = PersistentKernels<Operand>;
  const auto bytes = Kernels::packed_vectors(task) * static_cast<std::int64_t>(sizeof(device::Words4));
  const std::string direction = task.shape.is_backward() ? " transposed" : "";
  return packed(
      request,
      {.key = kernel.name + direction + " of " + candidate_name(task.shape) + " in " + to_string(request.spec.math),
       .allocate = [bytes, device = request.spec.device] { return Tensor::zeros({bytes}, DType::u8, device); },
       .fill =
           [task, kernel](const Tensor& memory) {
             PersistentTask now = task;
             now.stream = current_stream(task.stream.device);
             Kernels::pack(now, static_cast<const typename Kernels::Element*>(kernel.address), kernel.K,
                           static_cast<device::Words4*>(memory.data()));
           }});
}

/// GridMemory of one session; empty where the kind of the shape needs none.
class OwnedGridMemory {
 public:
  OwnedGridMemory(const PersistentShape& shape, Device device) {
    if (shape.kind != PersistentKind::grid) return;
    const GridMemorySize size = grid_memory_size(shape);
    words_ = Tensor::full({size.words}, size.fill, DType::i32, device);
    epochs_ = Tensor::full({shape.teams}, 1, DType::i32, device);
  }

  GridMemory get() const { return {words_.data(), static_cast<std::uint32_t*>(epochs_.data())}; }

 private:
  Tensor words_;
  Tensor epochs_;
};

/// Rows as kernels take them.
template <typename Row>
BatchRows<Row> rows_of(const BatchBuffer& buffer) {
  return {static_cast<Row*>(buffer.data), buffer.stride};
}

}  // namespace rondo
