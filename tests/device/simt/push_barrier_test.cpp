// PushBarrier and push: the counting of phases, and refused uses.

#include <gtest/gtest.h>

#include "cuda/device/cluster.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/launch.cuh"
#include "device/simt/exchange_kernels.h"
#include "device/simt/heap_block.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using device::PushBarrier;
using device::Words4;

struct Shared {
  Words4 words[2];
  PushBarrier barrier;
};

Shared& shared() { return *reinterpret_cast<Shared*>(device::shared_memory()); }

/// Runs `body` in the only thread of each block of a cluster, with a barrier in each.
template <typename Body>
void run_cluster(unsigned blocks, const Body& body) {
  const device::LaunchConfig config{.grid = {blocks}, .shared_bytes = sizeof(Shared), .cluster_blocks = blocks};
  simt::run_grid(config, [&] {
    device::init_barrier(&shared().barrier);
    device::cluster_barrier();
    body(device::block_index().x);
  });
}

void push_to(unsigned peer, std::uint32_t word = 0) {
  device::push(&shared().words[1], {{word, word + 1, word + 2, word + 3}}, &shared().barrier, peer);
}

TEST(PushBarrier, PhasesEndWhenTheirBytesWereExpectedAndHaveArrived) {
  run_cluster(1, [&](unsigned) {
    PushBarrier* barrier = &shared().barrier;
    wait_for_phase(barrier, 1);  // the phase before the first has always ended
    push_to(0, 5);               // before expect_bytes
    device::expect_bytes(barrier, 16);
    wait_for_phase(barrier, 0);
    EXPECT_EQ(shared().words[1].words[3], 8U);
    device::expect_bytes(barrier, 32);
    push_to(0);
    push_to(0);
    wait_for_phase(barrier, 1);
    device::expect_bytes(barrier, 0);
    wait_for_phase(barrier, 0);
  });
}

TEST(PushBarrier, APhaseThatHasNotEndedIsADeadlock) {
  const auto expect_deadlock = [](const std::vector<std::string>& words, auto&& body) {
    expect_words<simt::Deadlock>([&] { run_cluster(1, [&](unsigned) { body(&shared().barrier); }); }, words);
  };
  expect_deadlock({"phase without expect_bytes"}, [](PushBarrier* barrier) { wait_for_phase(barrier, 0); });
  expect_deadlock({"waits for 8 more bytes"}, [](PushBarrier* barrier) {
    device::expect_bytes(barrier, 24);
    push_to(0);
    wait_for_phase(barrier, 0);
  });
  expect_deadlock({"waits for 16 more bytes"}, [](PushBarrier* barrier) {
    device::expect_bytes(barrier, 0);
    wait_for_phase(barrier, 0);
    device::expect_bytes(barrier, 16);
    wait_for_phase(barrier, 1);
  });
}

TEST(PushBarrier, RefusesWrongUse) {
  const auto expect_refused = [](const std::vector<std::string>& words, auto&& body) {
    expect_words<std::logic_error>([&] { run_cluster(1, [&](unsigned) { body(&shared().barrier); }); }, words);
  };
  expect_refused({"expect_bytes twice in one phase"}, [](PushBarrier* barrier) {
    device::expect_bytes(barrier, 16);
    device::expect_bytes(barrier, 16);
  });
  expect_refused({"16 bytes more than expected"}, [](PushBarrier* barrier) {
    push_to(0);
    push_to(0);
    device::expect_bytes(barrier, 16);
  });
  expect_refused({"8 bytes more than expected"}, [](PushBarrier* barrier) {
    device::expect_bytes(barrier, 8);
    push_to(0);
  });
  expect_refused({"expect_bytes of 1048576"}, [](PushBarrier* barrier) { device::expect_bytes(barrier, 1 << 20); });
  expect_refused({"a parity of 2"}, [](PushBarrier* barrier) { wait_for_phase(barrier, 2); });
  expect_refused({"init_barrier of one that is in use"}, [](PushBarrier* barrier) { device::init_barrier(barrier); });
  expect_refused({"block 1 in a cluster of 1"}, [](PushBarrier*) { push_to(1); });
  expect_refused({"block (0, 0) ends", "no thread has waited for"}, [](PushBarrier* barrier) {
    push_to(0);
    device::expect_bytes(barrier, 16);
  });
  expect_refused({"block (0, 0) ends", "no thread has waited for"}, [](PushBarrier* barrier) {
    push_to(0);
    device::expect_bytes(barrier, 16);
    push_to(0);  // belongs to the next phase
    wait_for_phase(barrier, 0);
  });
}

TEST(PushBarrier, RefusesUseWithoutInit) {
  const auto expect_refused = [](auto&& body) {
    expect_words<std::logic_error>(
        [&] { simt::run_grid({.shared_bytes = sizeof(Shared)}, [&] { body(&shared().barrier); }); },
        {"PushBarrier: used without init_barrier"});
  };
  expect_refused([](PushBarrier*) { push_to(0); });
  expect_refused([](PushBarrier* barrier) { device::expect_bytes(barrier, 16); });
  expect_refused([](PushBarrier* barrier) { wait_for_phase(barrier, 0); });
}

TEST(PushBarrier, ABlockThatHasEndedCannotBePushedTo) {
  expect_words<std::logic_error>(
      [] {
        run_cluster(3, [](unsigned block) {
          if (block == 2) return;
          if (block == 1) push_to(2);
          wait_for_phase(&shared().barrier, 0);
        });
      },
      {"shared memory of block (2, 0) after its end"});
}

__global__ void rank_kernel(unsigned* seen) {
  auto* shared_words = reinterpret_cast<unsigned*>(device::shared_memory());
  *shared_words = 100 * device::block_index().y + device::block_index().x;
  device::cluster_barrier();
  unsigned* row = seen + (device::block_index().y * 6 + device::block_index().x) * 3;
  for (unsigned peer = 0; peer < 3; ++peer) row[peer] = *device::in_peer(shared_words, peer);
  device::cluster_barrier();
}

TEST(Cluster, IsOfNeighbouringBlocksAlongX) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    const HeapBlock<unsigned> seen(6 * 2 * 3);
    device::launch(rank_kernel, {.grid = {6, 2}, .shared_bytes = sizeof(unsigned), .cluster_blocks = 3}, seen.data());
    for (unsigned y = 0; y < 2; ++y) {
      for (unsigned x = 0; x < 6; ++x) {
        for (unsigned peer = 0; peer < 3; ++peer) {
          EXPECT_EQ(seen[(y * 6 + x) * 3 + peer], 100 * y + x / 3 * 3 + peer);
        }
      }
    }
  }
}

}  // namespace
}  // namespace rondo::test
