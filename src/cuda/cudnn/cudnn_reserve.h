/// The memory of cuDNN's gradients, by host arithmetic: what a run keeps for them, and what they need besides.
#pragma once

#include <array>
#include <cstddef>

#include "recurrence/gradient_buffers.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The pieces of a reserve, behind the bytes of its tag: all that cuDNN's gradients read but x. The caller may
/// overwrite its states and outputs before it asks for gradients. Each piece is aligned to kCudnnAlignment.
struct CudnnReserve {
  void* y = nullptr;                                 ///< as the run wrote it, in the layout of x
  std::array<void*, kMaxStates> initial_state = {};  ///< (B, H) each, zeros where the run had none
  void* own = nullptr;                               ///< what cuDNN keeps, in an order that it alone knows
  std::size_t state_bytes = 0;                       ///< of one state
  std::size_t bytes = 0;                             ///< of the whole reserve
};

inline constexpr std::size_t kCudnnAlignment = 256;

/// The pieces in a reserve of which cuDNN has `own_bytes`. With null memory the addresses are null.
CudnnReserve cudnn_reserve(const RecurrenceSpec& spec, std::size_t own_bytes, void* memory);

/// Throws `ValueError` for memory that is not aligned as cuDNN's memory is.
void check_cudnn_reserve(const void* memory);

/// Gradients that cuDNN takes and writes, and the caller does not have.
struct CudnnGradientWorkspace {
  std::byte* d_y = nullptr;                               ///< (T, B, H)
  std::byte* d_x = nullptr;                               ///< (T, B, I)
  std::array<std::byte*, kMaxStates> d_final_state = {};  ///< (B, H) each
  std::size_t d_y_bytes = 0;
  std::size_t bytes = 0;  ///< of the whole workspace
};

CudnnGradientWorkspace cudnn_gradient_workspace(const RecurrenceSpec& spec, void* workspace);

}  // namespace rondo
