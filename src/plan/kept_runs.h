/// Runs of recurrences and networks in sessions that are kept for the next call.
#pragma once

#include <vector>

#include "plan/kept_sessions.h"
#include "plan/reserve_tag.h"
#include "rondo/plan/network.h"

namespace rondo {

/// What a kept session was made for: the work, and where its runs are queued.
template <typename Spec, typename Options>
struct SessionKey {
  /// A key that a call looks for, without copies.
  struct View {
    const Spec& spec;
    const Options& options;
    const std::vector<SharedNetworkWeights>& weights;
    const void* stream;
    const void* pool;
  };

  Spec spec;
  Options options;
  std::vector<SharedNetworkWeights> weights;  ///< of a network; a recurrence's are always the same
  const void* stream;                         ///< of a CUDA device
  const void* pool;                           ///< the CPU's thread pool, which the session keeps alive

  explicit SessionKey(const View& view)
      : spec(view.spec), options(view.options), weights(view.weights), stream(view.stream), pool(view.pool) {}
  bool operator==(const SessionKey&) const = default;
  bool operator==(const View& view) const {
    return spec == view.spec && options == view.options && weights == view.weights && stream == view.stream &&
           pool == view.pool;
  }
  /// Whether these weights have taken the place of the weights of `other`.
  bool replaces(const SessionKey& other) const { return weights != other.weights; }
};

/// The kept sessions of one set of weights.
using KeptRecurrences = KeptSessions<Session, SessionKey<RecurrenceSpec, PlanOptions>>;
/// The kept sessions of the networks of one owner, which may replace their weights.
using KeptNetworks = KeptSessions<NetworkSession, SessionKey<NetworkSpec, NetworkOptions>>;

/// Plans and runs a recurrence on the calling thread's current stream. A call with the spec, options and stream of an
/// earlier one uses its session, and does not wait for the device. While the stream is recorded in a graph, the session
/// is not kept, and its memory is the graph's. Throws `DeviceError`, before it runs, where an earlier run of the
/// session has stalled and `finish_kept` has not been told; later calls work.
void run_kept(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
              const PlanOptions& options, const SessionTensors& tensors);
void run_kept(KeptNetworks& kept, const std::vector<SharedNetworkWeights>& weights, const NetworkSpec& spec,
              const NetworkOptions& options, const NetworkTensors& tensors);

/// As run_kept, for a spec that keeps something. Returns the tag of the reserve that the run has written.
ReserveTag run_kept_with_reserve(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
                                 const PlanOptions& options, const SessionTensors& tensors);

/// A run of run_kept_with_reserve, and the gradients of its results and those that are wanted.
struct RunGradients {
  const SessionTensors& tensors;
  const ReserveTag& tag;
  const SessionGradients& gradients;
};

/// Computes the gradients of a run, as Session::backward does. All that belongs to the run is in its tensors and its
/// reserve, so any session of these weights with the spec and options will do: the kept one may have run other calls in
/// between, and there may be none left.
void backward_kept(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
                   const PlanOptions& options, const RunGradients& run);

/// Waits for the runs so far, and returns and clears what they found, while no other thread uses `kept`. After a stall
/// repeats no run, because the tensors of the run may be gone; later runs have no waits between blocks.
SessionStatus finish_kept(KeptRecurrences& kept);
SessionStatus finish_kept(KeptNetworks& kept);

/// Returns `options` for a session on `stream` that is not kept. While the stream is recorded in a graph, they exclude
/// kernels whose blocks wait for each other, because the status of a later replay cannot be asked for.
PlanOptions unattended(PlanOptions options, Stream stream);
NetworkOptions unattended(NetworkOptions options, Stream stream);

/// NetworkOptions with the members of PlanOptions.
NetworkOptions network_options(const PlanOptions& options);

}  // namespace rondo
