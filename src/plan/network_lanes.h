/// The sessions of a network on their streams: what runs when, and what waits for what.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "plan/network_run.h"

namespace rondo {

class NetworkLanes {
 public:
  /// Allocates everything. `plan` and `stream` outlive this. Throws `ValueError` naming the weights that do not fit.
  NetworkLanes(const NetworkPlan& plan, const std::vector<NetworkWeights>& weights, Stream stream);
  ~NetworkLanes();
  NetworkLanes(const NetworkLanes&) = delete;
  NetworkLanes& operator=(const NetworkLanes&) = delete;

  /// A run, after what is on `from` and before what comes there next.
  void queue(const NetworkTensors& tensors, Stream from);

  /// What is queued on the lanes from now on comes after what is on the network's stream, and the other way round.
  void lanes_wait_for_stream() const;
  void stream_waits_for_lanes() const;

  /// A session, and what it does last in a run with these tensors.
  struct LastChunk {
    Session* session;
    SessionTensors tensors;
  };
  std::vector<LastChunk> last_chunks(const NetworkTensors& tensors);
  std::vector<Session*> sessions();

 private:
  /// A recurrence of a stage, on the stream of its place in the stage.
  struct Lane {
    const NetworkLane* plan = nullptr;
    Stream stream = {};
    std::optional<Session> session = std::nullopt;  ///< of whole chunks
    std::optional<Session> tail = std::nullopt;
    std::vector<Tensor> carried = {};
  };

  void make_streams();
  void make_stage(const NetworkStage& stage, const std::vector<NetworkWeights>& weights);
  Lane make_lane(const NetworkLane& plan, Stream stream, const Tensor& workspace,
                 const std::vector<NetworkWeights>& weights) const;
  Stream lane_stream(std::size_t place) const;
  void queue_stage(const NetworkStage& stage, std::vector<Lane>& lanes, const NetworkTensors& tensors);
  LaneTensors lane_tensors(const Lane& lane, const NetworkTensors& tensors) const;

  const NetworkPlan& plan_;
  const Stream stream_;
  std::vector<std::unique_ptr<cuda_runtime::OwnedStream>> streams_;  ///< of the lanes; none on the CPU
  std::vector<Tensor> sequences_;                                    ///< between the layers
  Tensor scratch_;
  std::vector<std::vector<Lane>> stages_;
};

}  // namespace rondo
