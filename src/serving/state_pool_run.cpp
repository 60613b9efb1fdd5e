// A call of a pool, from its checks to its last part.

#include "plan/run_tensors.h"
#include "rondo/vocabulary/error.h"
#include "serving/row_moves.h"
#include "serving/state_pool_impl.h"

namespace rondo {
namespace {

std::string name_of_chunk(std::size_t k, const char* member) { return "chunks[" + std::to_string(k) + "]." + member; }

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

// A stream that begins has no states of its own yet. Returns how many there are.
std::int64_t StatePool::Impl::write_beginners(std::span<const StreamChunk> chunks, std::span<std::int64_t> beginners) {
  std::size_t count = 0;
  for (const StreamChunk& chunk : chunks) {
    if (!chunk.start && !slots.is_fresh(chunk.slot)) continue;
    beginners[count++] = chunk.slot;
    slots.set_fresh(chunk.slot, false);
  }
  return static_cast<std::int64_t>(count);
}

// Rows that the call does not have take the rows of the states behind those of the slots. The CPU does not look at
// them.
void StatePool::Impl::write_rows(std::size_t count, std::span<std::int64_t> row_indices) const {
  for (std::size_t b = 0; b < count; ++b) row_indices[b] = order.sorted(b).slot;
  if (options.device == cpu()) return;
  for (std::size_t b = count; b < row_indices.size(); ++b) {
    row_indices[b] = options.slots + static_cast<std::int64_t>(b);
  }
}

void StatePool::Impl::run_parts(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y) {
  order.take(chunks);
  for (std::int64_t step = 0; step < order.longest(); step += part_steps) {
    const PartNumbers& next = numbers.next();
    const CallPart part =
        order.write_part(step, {.batch_sizes = span_of(next.batch_sizes), .places = span_of(next.places)});
    write_rows(chunks.size(), span_of(next.row_indices));
    const std::int64_t beginners = step == 0 ? write_beginners(chunks, span_of(next.beginners)) : 0;
    numbers.send(part.N);
    layers.states().begin(numbers.sent().beginners, beginners);
    run_part(part, x, y);
  }
}

// A device has the same tensors in every call, so that it replays what it recorded; a part has fewer rows than they do.
void StatePool::Impl::run_part(const CallPart& part, const Tensor& x, const Tensor& y) {
  const PartNumbers& sent = numbers.sent();
  const bool on_cpu = options.device == cpu();
  if (on_cpu && part.is_contiguous) {
    const std::int64_t end = part.first + part.N;
    return layers.run(x.slice(0, part.first, end), y.slice(0, part.first, end), sent.batch_sizes, sent.row_indices);
  }
  const auto* const places = sent.places.data<std::int64_t>();
  const Tensor packed_x = on_cpu ? moved_x.slice(0, 0, part.N) : moved_x;
  const Tensor packed_y = on_cpu ? moved_y.slice(0, 0, part.N) : moved_y;
  move_rows({.source = x, .from = places, .target = packed_x, .to = nullptr, .rows = part.N}, stream);
  layers.run(packed_x, packed_y, sent.batch_sizes, sent.row_indices);
  move_rows({.source = packed_y, .from = nullptr, .target = y, .to = places, .rows = part.N}, stream);
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

void StatePool::run(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y) {
  impl_->check_call(chunks, x, y);
  impl_->run_parts(chunks, x, y);
  impl_->end_streams(chunks);
}

}  // namespace rondo
