/// What an instance of a model does with the requests of a batch.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "request.h"
#include "served_model.h"

namespace rondo::triton {

/// What became of the batches of an instance, for its metrics.
struct Tally {
  std::int64_t calls = 0;                          ///< of the network
  std::int64_t rows = 0;                           ///< of all calls
  std::int64_t steps = 0;                          ///< of all rows
  std::int64_t evicted_for_room = 0;               ///< sequences that lost their states to another one
  std::int64_t evicted_as_idle = 0;                ///< sequences that were idle for too long
  std::int64_t sequences = 0;                      ///< that have states now
  std::int64_t allocations = 0;                    ///< within calls of the network
  std::chrono::nanoseconds in_calls{0};            ///< the time of all calls
  std::chrono::nanoseconds processor_in_calls{0};  ///< of the instance's thread
};

/// Runs batches of one instance, on one thread at a time.
class Runner {
 public:
  Runner() = default;
  virtual ~Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Gives each request that is_ready its outputs, or makes it fail. Throws where all of them fail.
  virtual void run(std::span<Request> requests, Tally& tally) = 0;
  /// What runs the calls, and why, for the server's log.
  virtual std::string explain() const = 0;
};

/// Requests of sequences, whose states lie in a StatePool.
std::unique_ptr<Runner> pool_runner(const ServedModel& model, Device device);
/// Requests of sequences through a whole Keras model, with a ModelStream for each sequence.
std::unique_ptr<Runner> stream_runner(const ServedModel& model, Device device);
/// Requests of whole inputs, through a network.
std::unique_ptr<Runner> network_runner(const ServedModel& model, Device device);
/// Requests of whole inputs, through a whole Keras model.
std::unique_ptr<Runner> predict_runner(const ServedModel& model, Device device);

/// The runner for a model, with everything planned. Throws `ValueError` naming what of the configuration cannot be.
std::unique_ptr<Runner> make_runner(const ServedModel& model, Device device);

}  // namespace rondo::triton
