/// The sessions of a network on their streams: the order of their runs, and which stream waits for which.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "plan/network/network_reserve.h"
#include "plan/network/network_run.h"
#include "plan/network/sequence_swap.h"

namespace rondo {

class NetworkLanes {
 public:
  /// Allocates all memory of the network. `plan` and `stream` must outlive the NetworkLanes. Throws `ValueError` naming
  /// the weights that do not fit.
  NetworkLanes(const NetworkPlan& plan, const std::vector<SharedNetworkWeights>& weights, Stream stream);
  ~NetworkLanes();
  NetworkLanes(const NetworkLanes&) = delete;
  NetworkLanes& operator=(const NetworkLanes&) = delete;

  /// Queues a run after the work that is on `from`, and before all later work on `from`.
  void queue(const NetworkTensors& tensors, Stream from);

  /// Queues the gradients of a run likewise. Throws `ValueError`, before it queues anything, naming the layer.
  void queue_backward(const NetworkTensors& run, const NetworkGradients& gradients, Stream from);

  /// Orders all later work on the lanes after the work that is on the network's stream, and the reverse.
  void lanes_wait_for_stream() const;
  void stream_waits_for_lanes() const;

  const std::vector<Session*>& sessions() const { return sessions_; }

 private:
  /// One recurrence of a stage. Its stream belongs to its position in the stage.
  struct Lane {
    const NetworkLane* plan = nullptr;
    Stream stream = {};
    std::optional<Session> session = std::nullopt;  ///< for chunks of full length
    std::optional<Session> tail = std::nullopt;     ///< for a shorter last chunk
    std::vector<Tensor> carried = {};               ///< states between chunks
  };

  void make_streams();
  void make_stage(const NetworkStage& stage, const std::vector<SharedNetworkWeights>& weights);
  Lane make_lane(const NetworkLane& plan, Stream stream, const Tensor& workspace,
                 const std::vector<SharedNetworkWeights>& weights) const;
  Stream lane_stream(std::size_t place) const;
  void queue_stage(const NetworkStage& stage, std::vector<Lane>& lanes, const NetworkTensors& tensors);
  LaneTensors lane_tensors(const Lane& lane, const NetworkTensors& tensors) const;
  void store_sequence(std::size_t stage, const NetworkTensors& tensors) const;
  void fetch_sequence(std::size_t layer, const NetworkTensors& tensors) const;
  Tensor between(std::size_t layer, const NetworkTensors& tensors) const;
  Tensor direction_of(const Lane& lane, const Tensor& sequence) const;
  SessionTensors whole_run(const Lane& lane, const NetworkTensors& tensors) const;
  SessionGradients lane_gradients(const Lane& lane, const NetworkTensors& run, const NetworkGradients& gradients) const;
  template <typename Visit>
  void for_each_backward(const Visit& visit);

  const NetworkPlan& plan_;
  const Stream stream_;
  std::vector<std::unique_ptr<cuda_runtime::OwnedStream>> streams_;  ///< one for each lane; none on the CPU
  /// The outputs of all layers but the last; or where runs keep those, their gradients.
  std::vector<Tensor> sequences_;
  std::optional<SequenceSwap> swap_;  ///< those outputs, where reserves are in the host's memory
  NetworkReserve reserve_;            ///< of the run that is queued, where it keeps something
  Tensor scratch_;
  std::vector<std::vector<Lane>> stages_;
  std::vector<Session*> sessions_;  ///< of all stages
};

}  // namespace rondo
