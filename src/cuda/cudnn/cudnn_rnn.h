/// A network of cuDNN's: one object for one shape, as fast as cuDNN lets it be.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "cuda/cudnn/cudnn_config.h"
#include "cuda/cudnn/cudnn_packing.h"

namespace rondo {

/// Tensors of one run, in the device's memory and of the config's dtype. States are (layers x directions, B, width)
/// without gaps, where the width of h is P or H, that of c is H. No final state may share memory with an initial one.
struct CudnnBuffers {
  CudnnLayout layout = CudnnLayout::time_major;  ///< `packed` if and only if the config says so
  const void* x = nullptr;                       ///< rows of I
  void* y = nullptr;                             ///< rows of output_width(config); must be there
  const void* initial_h = nullptr;               ///< null: zeros
  void* final_h = nullptr;                       ///< null: not wanted
  const void* initial_c = nullptr;
  void* final_c = nullptr;
  void* reserve = nullptr;  ///< reserve_bytes() of memory, which the run writes; not for inference
};

/// Tensors of the gradients of one run, likewise. Those of x and y lie as x and y do.
struct CudnnGradients {
  CudnnLayout layout = CudnnLayout::time_major;
  // What the run has read and written, unchanged. Its gradients overwrite the reserve, and so are its only ones.
  const void* x = nullptr;
  const void* y = nullptr;
  const void* initial_h = nullptr;
  const void* initial_c = nullptr;
  void* reserve = nullptr;

  const void* d_y = nullptr;        ///< must be there
  const void* d_final_h = nullptr;  ///< null: zeros
  const void* d_final_c = nullptr;

  void* d_x = nullptr;          ///< must be there
  void* d_initial_h = nullptr;  ///< null: not wanted
  void* d_initial_c = nullptr;
  bool wants_weights = false;  ///< writes CudnnRnn::weight_gradients
};

/// Used by one thread at a time.
class CudnnRnn {
 public:
  /// Packs the weights (one for each direction of each layer, directions of a layer side by side), allocates all that
  /// cuDNN asks for, compiles where the algorithm compiles, and runs each layout once on zeros, with its gradients
  /// where the config wants them: only running shows whether cuDNN supports a network, and its kernels are loaded by
  /// the first run. All in the order of `stream`, on the config's device. Throws `ValueError` for weights that do not
  /// fit, and with cuDNN's words for a network that it does not support.
  CudnnRnn(const CudnnConfig& config, std::span<const CudnnWeights> weights, Stream stream);
  ~CudnnRnn();
  CudnnRnn(CudnnRnn&&) noexcept;
  CudnnRnn& operator=(CudnnRnn&&) noexcept;

  /// Packs other weights, in the order of `stream`. Throws `ValueError` for weights that do not fit.
  void load(std::span<const CudnnWeights> weights, Stream stream);

  /// From the next run on, row b has lengths[b] steps, 1 to T. Before the first call all rows have T. cuDNN takes
  /// lengths from the host while a run is queued, so that a recorded CUDA graph keeps its lengths. Past a row's length
  /// y is zeros. Throws `ValueError` for other lengths, and where the algorithm takes none.
  void set_lengths(std::span<const std::int32_t> lengths);

  /// Queues a run, without allocating or synchronising.
  void forward(const CudnnBuffers& buffers, Stream stream);

  /// Queues the gradients of a run that a network of the same config but for its use has made, with CudnnUse::training
  /// or CudnnUse::gradients. The config must want gradients. Allocates nothing and does not synchronise.
  void backward(const CudnnGradients& gradients, Stream stream);

  /// Where `backward` leaves the gradients of the weights: at the same addresses always. Empty where the config wants
  /// none.
  std::span<const CudnnPlace> weight_gradients() const;

  const CudnnConfig& config() const;
  std::size_t weight_space_bytes() const;
  std::size_t work_space_bytes() const;
  std::size_t reserve_bytes() const;  ///< 0 for inference

 private:
  friend std::size_t cudnn_reserve_bytes(const CudnnConfig& config);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// CudnnRnn::reserve_bytes of a network, without making one. Asks the config's device.
std::size_t cudnn_reserve_bytes(const CudnnConfig& config);

}  // namespace rondo
