// The pieces of the memory of cuDNN's gradients: where they are, and that none shares memory with another.

#include "cuda/cudnn/cudnn_reserve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "recurrence/reserve.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

RecurrenceSpec spec_of(CellKind kind) {
  return {.cell = {.kind = kind, .units = 7},
          .T = 5,
          .B = 3,
          .I = 4,
          .dtype = DType::f16,
          .device = cuda(0),
          .keep = Keep::gates};
}

struct Piece {
  const void* begin;
  std::size_t bytes;
};

/// Expects that the pieces lie within `bytes` from `begin`, behind the first `skipped` ones, and apart.
void expect_apart(std::vector<Piece> pieces, const std::byte* begin, std::size_t skipped, std::size_t bytes) {
  std::ranges::sort(pieces, {}, &Piece::begin);
  const std::byte* end = begin + skipped;
  for (const Piece& piece : pieces) {
    EXPECT_GE(static_cast<const std::byte*>(piece.begin), end);
    end = static_cast<const std::byte*>(piece.begin) + piece.bytes;
  }
  EXPECT_LE(end, begin + bytes);
}

TEST(CudnnReserve, PiecesLieApartAndAligned) {
  constexpr std::size_t kOwnBytes = 1001;
  alignas(kCudnnAlignment) static std::byte memory[4096];
  for (const CellKind kind : {CellKind::lstm, CellKind::gru}) {
    const RecurrenceSpec spec = spec_of(kind);
    const CudnnReserve reserve = cudnn_reserve(spec, kOwnBytes, memory);
    EXPECT_EQ(reserve.state_bytes, 3U * 7 * 2);
    EXPECT_EQ(cudnn_reserve(spec, kOwnBytes, nullptr).bytes, reserve.bytes);
    EXPECT_EQ(cudnn_reserve(spec, kOwnBytes, nullptr).own, nullptr);
    std::vector<Piece> pieces{
        {reserve.y, 5U * 3 * 7 * 2}, {reserve.own, kOwnBytes}, {reserve.initial_state[0], reserve.state_bytes}};
    if (kind == CellKind::lstm) {
      pieces.push_back({reserve.initial_state[1], reserve.state_bytes});
    } else {
      EXPECT_EQ(reserve.initial_state[1], nullptr);
    }
    for (const Piece& piece : pieces) check_cudnn_reserve(piece.begin);
    expect_apart(pieces, memory, kReserveTagBytes, reserve.bytes);
  }
}

TEST(CudnnReserve, IsAligned) {
  alignas(kCudnnAlignment) static std::byte memory[512];
  check_cudnn_reserve(memory);
  expect_words([] { check_cudnn_reserve(memory + 64); }, {"reserve", "aligned to 64", "aligned to 256"});
}

TEST(CudnnReserve, TheWorkspaceHasWhatTheCallerDoesNot) {
  const RecurrenceSpec spec = spec_of(CellKind::lstm);
  alignas(kCudnnAlignment) static std::byte memory[4096];
  const CudnnGradientWorkspace work = cudnn_gradient_workspace(spec, memory);
  EXPECT_EQ(work.d_y_bytes, 5U * 3 * 7 * 2);
  EXPECT_EQ(cudnn_gradient_workspace(spec, nullptr).bytes, work.bytes);
  expect_apart({{work.d_y, work.d_y_bytes},
                {work.d_x, 5U * 3 * 4 * 2},
                {work.d_final_state[0], 3U * 7 * 2},
                {work.d_final_state[1], 3U * 7 * 2}},
               memory, 0, work.bytes);
}

}  // namespace
}  // namespace rondo::test
