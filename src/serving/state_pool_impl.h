/// What a pool consists of.
#pragma once

#include "rondo/serving/state_pool.h"
#include "serving/call_order.h"
#include "serving/pool_layers.h"
#include "serving/pool_numbers.h"
#include "serving/slot_table.h"
#include "serving/state_image.h"

namespace rondo {

struct StatePool::Impl {
  Impl(const LoadedNetwork& network, const StatePoolOptions& its_options);

  void check_open(const std::string& name, std::int64_t slot) const;
  void check_chunks(std::span<const StreamChunk> chunks);
  void check_call(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y);
  std::int64_t write_beginners(std::span<const StreamChunk> chunks, std::span<std::int64_t> beginners);
  void write_rows(std::size_t count, std::span<std::int64_t> row_indices) const;
  void run_parts(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y);
  void run_part(const CallPart& part, const Tensor& x, const Tensor& y);
  void end_streams(std::span<const StreamChunk> chunks);
  void evict(std::int64_t slot, EvictionReason reason);
  StateImage image() const;

  const StatePoolOptions options;
  const Stream stream;
  const DType dtype;
  const std::int64_t input_features;
  const std::int64_t output_features;
  const std::uint64_t fingerprint;
  const std::int64_t part_steps;  ///< steps of a part of a call, at most
  PoolLayers layers;
  SlotTable slots;
  CallOrder order;
  std::vector<std::uint64_t> last_call;  ///< [slot]: the last call that named it
  std::uint64_t calls = 0;
  PoolNumbers numbers;
  Tensor moved_x;  ///< (max_rows part_steps, I): x in packed order
  Tensor moved_y;  ///< (max_rows part_steps, O)
};

}  // namespace rondo
