#include "tensor/page_locked.h"

#include <memory>
#include <mutex>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

struct Block {
  void* memory = nullptr;
  std::size_t bytes = 0;
  std::unique_ptr<cuda_runtime::Event> last_use = nullptr;  ///< null: never used
};

/// Blocks that were freed. Who gets one waits on the device, not on the host, for the work that used it before.
class IdleBlocks {
 public:
  Block take(std::size_t bytes, Stream stream) {
    // A recorded stream cannot wait for work outside of its recording.
    if (cuda_runtime::is_recording(stream)) return {cuda_runtime::allocate_host(bytes), bytes};
    Block block = fitting(bytes);
    if (block.memory == nullptr) return {allocate(bytes), bytes};
    block.last_use->make_wait(stream);
    return block;
  }

  /// A graph that is being recorded may use the block whenever it is replayed, so that the block is never idle.
  void give_back(Block block, Stream stream) {
    if (cuda_runtime::is_recording(stream)) return;
    if (block.last_use == nullptr) block.last_use = std::make_unique<cuda_runtime::Event>(stream.device);
    block.last_use->record(stream);
    const std::lock_guard lock(mutex_);
    blocks_.push_back(std::move(block));
  }

 private:
  /// The smallest block of at least `bytes`, unless half of it would be wasted; no memory where there is none.
  Block fitting(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    auto best = blocks_.end();
    for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
      if (block->bytes < bytes || block->bytes / 2 > bytes) continue;
      if (best == blocks_.end() || block->bytes < best->bytes) best = block;
    }
    if (best == blocks_.end()) return {};
    Block taken = std::move(*best);
    blocks_.erase(best);
    return taken;
  }

  void* allocate(std::size_t bytes) {
    try {
      return cuda_runtime::allocate_host(bytes);
    } catch (const OutOfMemory&) {
      free_all();
      return cuda_runtime::allocate_host(bytes);
    }
  }

  void free_all() {
    const std::lock_guard lock(mutex_);
    for (Block& block : blocks_) {
      block.last_use->synchronize();
      cuda_runtime::deallocate_host(block.memory);
    }
    blocks_.clear();
  }

  ForkLock mutex_;
  std::vector<Block> blocks_;
};

// Never destroyed: tensors may outlive other statics, and the runtime may be gone by then.
IdleBlocks& idle_blocks() {
  static auto* const instance = new IdleBlocks;
  return *instance;
}

}  // namespace

Tensor page_locked_bytes(std::int64_t bytes, Device device) {
  check_device(device);
  const Stream stream = current_stream(device);
  const auto block = std::make_shared<Block>(idle_blocks().take(static_cast<std::size_t>(bytes), stream));
  const auto give_back = [block, stream] {
    try {
      idle_blocks().give_back(std::move(*block), stream);
    } catch (const std::exception&) {
      // The context is gone, and the memory with it: the call that finds out throws.
    }
  };
  auto storage = std::make_shared<Storage>(block->memory, block->bytes, cpu(), give_back);
  return {std::move(storage), DType::u8, Shape{bytes}, Strides{1}};
}

}  // namespace rondo
