#include "cuda/common/reserve_swap.h"

#include <cstddef>

namespace rondo {
namespace {

std::size_t slot_index(std::int64_t turn) { return static_cast<std::size_t>(turn % ReserveSwap::kSlots); }

}  // namespace

ReserveSwap::ReserveSwap(const RecurrenceSpec& spec)
    : spec_(spec),
      layout_(reserve_layout(spec, 0)),
      copies_(spec.device),
      used_{cuda_runtime::Event(spec.device), cuda_runtime::Event(spec.device)},
      copied_{cuda_runtime::Event(spec.device), cuda_runtime::Event(spec.device)} {}

std::size_t ReserveSwap::slot_bytes(const RecurrenceSpec& spec) { return kSlots * reserve_layout(spec, 0).chunk_bytes; }

void* ReserveSwap::host_chunk(const Memory& memory, std::int64_t chunk) const {
  return static_cast<std::byte*>(memory.buffers.reserve) + kReserveTagBytes +
         static_cast<std::size_t>(chunk) * layout_.chunk_bytes;
}

void* ReserveSwap::slot_of(const Memory& memory, std::int64_t turn) const {
  return static_cast<std::byte*>(memory.slots) + slot_index(turn) * layout_.chunk_bytes;
}

KeptRows ReserveSwap::kept(const Memory& memory, std::int64_t turn, std::int64_t chunk) const {
  return kept_chunk(spec_, memory.buffers.x.strides, slot_of(memory, turn), chunk);
}

// The stream of the copies begins behind what was queued before the run, because it waits for the first chunk; and
// the copies of one stream are in order, so that the last one stands for all.
void ReserveSwap::write(const Memory& memory, const Visit& visit) {
  for (std::int64_t chunk = 0; chunk < layout_.chunks; ++chunk) {
    const std::size_t slot = slot_index(chunk);
    if (chunk >= kSlots) copied_[slot].make_wait(memory.stream);
    visit(kept(memory, chunk, chunk));
    used_[slot].record(memory.stream);
    used_[slot].make_wait(copies_.get());
    cuda_runtime::copy(host_chunk(memory, chunk), slot_of(memory, chunk), layout_.chunk_bytes, copies_.get());
    copied_[slot].record(copies_.get());
  }
  if (layout_.chunks > 0) copied_[slot_index(layout_.chunks - 1)].make_wait(memory.stream);
}

void ReserveSwap::fetch(const Memory& memory, std::int64_t turn, std::int64_t chunk) {
  const std::size_t slot = slot_index(turn);
  if (turn >= kSlots) used_[slot].make_wait(copies_.get());
  cuda_runtime::copy(slot_of(memory, turn), host_chunk(memory, chunk), layout_.chunk_bytes, copies_.get());
  copied_[slot].record(copies_.get());
}

void ReserveSwap::read(const Memory& memory, ChunkOrder order, const Visit& visit) {
  const std::int64_t chunks = layout_.chunks;
  if (chunks == 0) return;
  const auto chunk_at = [&](std::int64_t turn) {
    return order == ChunkOrder::first_to_last ? turn : chunks - 1 - turn;
  };
  // What was queued before may have written the reserve, and may use the slots.
  used_[0].record(memory.stream);
  used_[0].make_wait(copies_.get());
  fetch(memory, 0, chunk_at(0));
  for (std::int64_t turn = 0; turn < chunks; ++turn) {
    if (turn + 1 < chunks) fetch(memory, turn + 1, chunk_at(turn + 1));
    copied_[slot_index(turn)].make_wait(memory.stream);
    visit(kept(memory, turn, chunk_at(turn)));
    used_[slot_index(turn)].record(memory.stream);
  }
}

}  // namespace rondo
