#include "device/simt/executor.h"

#include <limits>

#include "device/simt/grid.h"

namespace rondo::test::simt {
namespace {

constexpr unsigned kMaxBlockThreads = 1024;
constexpr unsigned kMaxGridY = 65535;
constexpr unsigned kMaxClusterBlocks = 16;
constexpr std::size_t kMatrixRowBytes = 16;

void check_launch(const device::LaunchConfig& config) {
  const auto refuse = [](const char* what, device::Extent extent) {
    throw std::invalid_argument(std::string(what) + " of " + to_string(extent) + " is more or less than CUDA allows");
  };
  const device::Extent block = config.block;
  if (config.grid.x == 0 || config.grid.y == 0 || config.grid.y > kMaxGridY) refuse("a grid", config.grid);
  if (block.x == 0 || block.y == 0 || block.x > kMaxBlockThreads / block.y) refuse("a block", block);
  const unsigned cluster = config.cluster_blocks;
  if (cluster == 0 || cluster > kMaxClusterBlocks || config.grid.x % cluster != 0) {
    throw std::invalid_argument("a cluster of " + std::to_string(cluster) + " blocks in a grid of " +
                                to_string(config.grid) + " is not what CUDA allows");
  }
}

constexpr std::int64_t kNoneIsLost = std::numeric_limits<std::int64_t>::max();
std::int64_t pushes_until_lost = kNoneIsLost;

Thread& current() { return running_grid->current(); }

}  // namespace

void run_grid(const device::LaunchConfig& config, std::function<void()> body) {
  check_launch(config);
  Grid grid(config, std::move(body));
  running_grid = &grid;
  grid.run();
}

ShuffledSchedule::ShuffledSchedule(std::uint64_t seed) { shuffle_engine = std::make_unique<ShuffleEngine>(seed); }
ShuffledSchedule::~ShuffledSchedule() { shuffle_engine = nullptr; }

const Place& place() { return current().place; }
std::byte* shared_memory() { return current().block->shared.data(); }

std::byte* shared_memory_of(unsigned peer) {
  const std::vector<Block*>& blocks = current().block->cluster->blocks;
  if (peer >= blocks.size()) {
    throw std::logic_error("shared memory of block " + std::to_string(peer) + " in a cluster of " +
                           std::to_string(blocks.size()));
  }
  const Block& block = *blocks[peer];
  if (block.running == 0) {
    throw std::logic_error("shared memory of block " + to_string(block.position) + " after its end");
  }
  return block.shared.data();
}

void warp_barrier() { running_grid->wait(current().warp->barrier); }
void block_barrier() { running_grid->wait(current().block->barrier); }
void cluster_barrier() { running_grid->wait(current().block->cluster->barrier); }

void grid_barrier() {
  running_grid->check_blocks_may_wait();
  running_grid->wait(running_grid->barrier());
}

void pause() { running_grid->pause(); }
void interleave() { running_grid->interleave(); }
bool try_wait_while(const WordWait& wait) { return running_grid->try_wait_while(wait); }
std::uint64_t idle_nanoseconds() { return running_grid->idle_nanoseconds(); }

LostPush::LostPush(std::int64_t number) { pushes_until_lost = number; }
LostPush::~LostPush() { pushes_until_lost = kNoneIsLost; }
bool LostPush::happened() const { return push_was_lost(); }
bool push_was_lost() { return pushes_until_lost < 0; }
bool loses_push() {
  if (pushes_until_lost == kNoneIsLost) return false;
  return pushes_until_lost-- == 0;
}

void require_at_block_end(const std::uint64_t& word, std::uint64_t mask, const char* what) {
  current().block->required_at_end.push_back({&word, mask, what});
}

unsigned lane() { return current().lane; }

std::uint64_t exchange_in_warp(std::uint64_t value, unsigned source) {
  const LaneGift* gifts = running_grid->exchange({.value = value});
  return source < current().warp->barrier.expected ? gifts[source].value : value;
}

void exchange_in_full_warp(std::uint64_t value, std::span<const unsigned> sources, std::span<std::uint64_t> received) {
  const LaneGift* gifts = running_grid->exchange_in_full_warp({.value = value});
  for (std::size_t i = 0; i < sources.size(); ++i) received[i] = gifts[sources[i]].value;
}

void check_matrix_row(const void* row) {
  const auto address = reinterpret_cast<std::uintptr_t>(row);
  const auto first = reinterpret_cast<std::uintptr_t>(shared_memory());
  if (address < first || address > first + running_grid->config().shared_bytes) {
    throw std::logic_error("a row of a matrix is not in shared memory");
  }
  if (address % kMatrixRowBytes != 0)
    throw std::logic_error("a row of a matrix does not begin at a multiple of 16 bytes");
}

}  // namespace rondo::test::simt
