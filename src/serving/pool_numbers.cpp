#include "serving/pool_numbers.h"

#include "rondo/tensor/stream.h"
#include "tensor/page_locked.h"

namespace rondo {
namespace {

// Parts that may be queued before the host waits.
constexpr std::size_t kBlocks = 4;

}  // namespace

PoolNumbers::PoolNumbers(std::int64_t rows, std::int64_t steps, Stream stream)
    : rows_(rows), steps_(steps), stream_(stream) {
  const StreamScope scope(stream);
  const std::int64_t numbers = numbers_before_places() + rows * steps;
  sent_ = cut(Tensor::zeros({numbers}, DType::i64, stream.device));
  const bool shares = stream.device == cpu();
  for (std::size_t k = 0; k < (shares ? 1 : kBlocks); ++k) {
    Block& block = blocks_.emplace_back();
    if (shares) {
      block.numbers = sent_;
      continue;
    }
    block.memory = page_locked_bytes(numbers * static_cast<std::int64_t>(sizeof(std::int64_t)), stream.device);
    auto* const data = static_cast<std::int64_t*>(block.memory.data());
    block.numbers = cut(Tensor::borrow(std::span(data, static_cast<std::size_t>(numbers)), {numbers}));
    block.read = std::make_unique<cuda_runtime::Event>(stream.device);
  }
}

PartNumbers PoolNumbers::cut(const Tensor& memory) const {
  std::int64_t first = 0;
  const auto take = [&](std::int64_t count) {
    first += count;
    return memory.slice(0, first - count, first);
  };
  PartNumbers numbers;
  numbers.batch_sizes = take(steps_);
  numbers.row_indices = take(rows_);
  numbers.beginners = take(rows_);
  numbers.places = take(rows_ * steps_);
  return numbers;
}

const PartNumbers& PoolNumbers::next() {
  current_ = (current_ + 1) % blocks_.size();
  Block& block = blocks_[current_];
  if (block.was_sent) block.read->synchronize();
  return block.numbers;
}

void PoolNumbers::send(std::int64_t count) {
  Block& block = blocks_[current_];
  if (block.read == nullptr) return;
  const auto bytes = static_cast<std::size_t>(numbers_before_places() + count) * sizeof(std::int64_t);
  cuda_runtime::copy(sent_.batch_sizes.data(), block.memory.data(), bytes, stream_);
  block.read->record(stream_);
  block.was_sent = true;
}

}  // namespace rondo
