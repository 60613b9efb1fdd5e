// A call of a pool, from its checks to its last part.

#include <algorithm>
#include <cstring>

#include "plan/run_tensors.h"
#include "rondo/vocabulary/error.h"
#include "serving/state_pool_impl.h"

namespace rondo {
namespace {

std::string name_of_chunk(std::size_t k, const char* member) { return "chunks[" + std::to_string(k) + "]." + member; }

std::byte* row_of(const Tensor& sequence, std::int64_t row) {
  return static_cast<std::byte*>(sequence.data()) +
         static_cast<std::size_t>(row * sequence.stride(0)) * size_of(sequence.dtype());
}

/// Copies rows of equal width: row `from(r)` of `source` to row `to(r)` of `target`.
template <typename From, typename To>
void move_rows(const Tensor& source, const From& from, const Tensor& target, const To& to, std::int64_t rows) {
  const std::size_t bytes = static_cast<std::size_t>(source.size(1)) * size_of(source.dtype());
  for (std::int64_t r = 0; r < rows; ++r) std::memcpy(row_of(target, to(r)), row_of(source, from(r)), bytes);
}

}  // namespace

void StatePool::Impl::check_chunks(std::span<const StreamChunk> chunks) {
  ++calls;
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    const StreamChunk& chunk = chunks[k];
    if (!slots.is_open(chunk.slot)) {
      throw ValueError(name_of_chunk(k, "slot"), std::to_string(chunk.slot), "an open slot");
    }
    if (chunk.steps < 1 || chunk.steps > options.max_steps) {
      throw ValueError(name_of_chunk(k, "steps"), std::to_string(chunk.steps),
                       "1 to max_steps, " + std::to_string(options.max_steps));
    }
    std::uint64_t& last = last_call[static_cast<std::size_t>(chunk.slot)];
    if (last == calls) {
      throw ValueError(name_of_chunk(k, "slot"), std::to_string(chunk.slot) + " again",
                       "a slot in one chunk of a call");
    }
    last = calls;
  }
}

void StatePool::Impl::check_call(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y) {
  if (static_cast<std::int64_t>(chunks.size()) > options.max_rows) {
    throw ValueError("chunks", std::to_string(chunks.size()), "at most max_rows, " + std::to_string(options.max_rows));
  }
  check_chunks(chunks);
  std::int64_t rows = 0;
  for (const StreamChunk& chunk : chunks) rows += chunk.steps;
  check_rows(x, {.name = "x", .shape = {rows, input_features}, .dtype = dtype, .device = options.device});
  check_rows(y, {.name = "y", .shape = {rows, output_features}, .dtype = dtype, .device = options.device});
}

// A stream that begins has no states of its own yet.
void StatePool::Impl::begin_streams(std::span<const StreamChunk> chunks) {
  for (const StreamChunk& chunk : chunks) {
    if (!chunk.start && !slots.is_fresh(chunk.slot)) continue;
    for (const PoolLayers::State& state : layers.states()) {
      std::memcpy(state.row(chunk.slot), state.rest_row(), state.row_bytes());
    }
    slots.set_fresh(chunk.slot, false);
  }
}

// Rows that the call does not have take the rows of the states behind those of the slots.
void StatePool::Impl::name_rows(std::size_t count) {
  auto* const indices = row_indices.data<std::int32_t>();
  for (std::size_t b = 0; b < count; ++b) indices[b] = static_cast<std::int32_t>(order.sorted(b).slot);
  for (auto b = static_cast<std::int64_t>(count); b < options.max_rows; ++b) {
    indices[b] = static_cast<std::int32_t>(options.slots + b);
  }
}

void StatePool::Impl::run_parts(const Tensor& x, const Tensor& y) {
  const CallNumbers numbers{.batch_sizes = {batch_sizes.data<std::int32_t>(), static_cast<std::size_t>(part_steps)},
                            .places = {places.data<std::int64_t>(), static_cast<std::size_t>(places.numel())}};
  for (std::int64_t step = 0; step < order.longest(); step += part_steps) {
    run_part(order.write_part(step, numbers), x, y);
  }
}

void StatePool::Impl::run_part(const CallPart& part, const Tensor& x, const Tensor& y) {
  if (part.is_contiguous) {
    return layers.run(x.slice(0, part.first, part.first + part.N), y.slice(0, part.first, part.first + part.N),
                      batch_sizes, row_indices);
  }
  const auto* const place = places.data<std::int64_t>();
  const auto of_caller = [&](std::int64_t r) { return place[r]; };
  const auto packed = [](std::int64_t r) { return r; };
  move_rows(x, of_caller, moved_x, packed, part.N);
  layers.run(moved_x.slice(0, 0, part.N), moved_y.slice(0, 0, part.N), batch_sizes, row_indices);
  move_rows(moved_y, packed, y, of_caller, part.N);
}

void StatePool::Impl::end_streams(std::span<const StreamChunk> chunks) {
  const auto now = std::chrono::steady_clock::now();
  for (const StreamChunk& chunk : chunks) {
    if (chunk.end) {
      slots.close(chunk.slot);
    } else {
      slots.touch(chunk.slot, now);
    }
  }
}

}  // namespace rondo
