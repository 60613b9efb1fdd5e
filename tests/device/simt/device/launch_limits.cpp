#include "device/simt/device/launch_limits.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::test::simt {
namespace {

constexpr std::size_t kMaxSharedBytes = std::size_t{227} << 10;
constexpr unsigned kMaxClusterBlocks = 16;
constexpr unsigned kResidentBlocks = 16;  // ThreadSanitizer supports 8000 threads at most

/// The limits of a kernel; by default, of an unprepared kernel.
struct Prepared {
  std::size_t shared_bytes = std::size_t{48} << 10;
  unsigned cluster_blocks = 8;
};

class PreparedKernels {
 public:
  Prepared get(const void* kernel) {
    const std::lock_guard lock(mutex_);
    return kernels_[kernel];
  }
  void set(const void* kernel, const Prepared& prepared) {
    const std::lock_guard lock(mutex_);
    kernels_[kernel] = prepared;
  }

 private:
  std::mutex mutex_;
  std::map<const void*, Prepared> kernels_;
};

PreparedKernels& prepared_kernels() {
  static auto* instance = new PreparedKernels;
  return *instance;
}

unsigned largest_cluster = kMaxClusterBlocks;
unsigned most_blocks = kResidentBlocks;
std::size_t most_bytes = kMaxSharedBytes;

void refuse(const std::string& what, std::size_t came, std::size_t most) {
  throw RuntimeError(what + ": got " + std::to_string(came) + ", expected at most " + std::to_string(most));
}

}  // namespace

void prepare_kernel(const void* kernel, const device::LaunchConfig& config) {
  if (config.shared_bytes > most_bytes) refuse("asking for shared memory", config.shared_bytes, most_bytes);
  Prepared prepared = prepared_kernels().get(kernel);
  prepared.shared_bytes = kMaxSharedBytes;
  if (config.cluster_blocks > Prepared{}.cluster_blocks) prepared.cluster_blocks = kMaxClusterBlocks;
  prepared_kernels().set(kernel, prepared);
}

void check_launch_limits(const void* kernel, const device::LaunchConfig& config) {
  const Prepared prepared = prepared_kernels().get(kernel);
  const std::size_t shared_bytes = std::min(prepared.shared_bytes, most_bytes);
  if (config.shared_bytes > shared_bytes) {
    refuse("launching a kernel: bytes of shared memory, as prepared", config.shared_bytes, shared_bytes);
  }
  const unsigned cluster_blocks = std::min(prepared.cluster_blocks, largest_cluster);
  if (config.cluster_blocks > cluster_blocks) {
    refuse("launching a kernel: blocks of a cluster, as prepared", config.cluster_blocks, cluster_blocks);
  }
  const std::size_t blocks = std::size_t{config.grid.x} * config.grid.y;
  if (config.cooperative && blocks > most_blocks) {
    refuse("launching a kernel: blocks of a cooperative grid", blocks, most_blocks);
  }
}

std::size_t most_shared_bytes() { return most_bytes; }

int resident_clusters(const device::LaunchConfig& config) {
  const bool runs =
      config.shared_bytes <= most_bytes && config.cluster_blocks > 0 && config.cluster_blocks <= largest_cluster;
  return runs ? static_cast<int>(most_blocks / config.cluster_blocks) : 0;
}

int resident_blocks(const device::LaunchConfig& config) {
  return config.shared_bytes <= most_bytes ? static_cast<int>(most_blocks) : 0;
}

LargestCluster::LargestCluster(unsigned blocks) { largest_cluster = blocks; }
LargestCluster::~LargestCluster() { largest_cluster = kMaxClusterBlocks; }

MostResidentBlocks::MostResidentBlocks(unsigned blocks) { most_blocks = blocks; }
MostResidentBlocks::~MostResidentBlocks() { most_blocks = kResidentBlocks; }

MostSharedBytes::MostSharedBytes(std::size_t bytes) { most_bytes = bytes; }
MostSharedBytes::~MostSharedBytes() { most_bytes = kMaxSharedBytes; }

}  // namespace rondo::test::simt
