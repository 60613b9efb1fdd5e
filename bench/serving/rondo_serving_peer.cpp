// A StatePool behind peer.h.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "cpu/peer.h"
#include "cpu/peer_seconds.h"
#include "serving/serving_parts.h"

using namespace rondo;

struct Peer {
  explicit Peer(const PeerProblem& problem)
      : pool(bench::pool_of(problem)),
        x(Tensor::borrow(std::span(const_cast<float*>(problem.x), static_cast<std::size_t>(problem.B * problem.I)),
                         {problem.B, problem.I})),
        y(Tensor::borrow(std::span(problem.y, static_cast<std::size_t>(problem.B * problem.H)),
                         {problem.B, problem.H})) {
    std::vector<std::int64_t> slots;
    for (std::int64_t k = 0; k < 2 * problem.B; ++k) slots.push_back(pool.open());
    std::shuffle(slots.begin(), slots.end(), std::mt19937(1));
    for (std::int64_t row = 0; row < problem.B; ++row) chunks.push_back({.slot = slots[static_cast<std::size_t>(row)]});
  }

  StatePool pool;
  std::vector<StreamChunk> chunks;
  Tensor x;
  Tensor y;
};

Peer* peer_create(const PeerProblem* problem) try {
  return std::make_unique<Peer>(*problem).release();
} catch (const std::exception& error) {
  std::fprintf(stderr, "rondo: %s\n", error.what());
  return nullptr;
}

double peer_run(Peer* peer, std::int64_t runs) {
  return seconds_of(runs, [&] { peer->pool.run(peer->chunks, peer->x, peer->y); });
}

void peer_destroy(Peer* peer) { delete peer; }

const char* peer_version() { return "Rondo's pool"; }
