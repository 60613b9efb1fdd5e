#include "plan/network/network_lanes.h"

#include <algorithm>

#include "plan/network/network_stages.h"
#include "recurrence/reserve.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

const SharedWeights& weights_of(const NetworkLane& lane, const std::vector<SharedNetworkWeights>& weights) {
  const SharedNetworkWeights& layer = weights[lane.layer];
  return lane.direction == Direction::forward ? layer.forward : *layer.backward;
}

std::int64_t time_steps(const NetworkPlan& plan) { return plan.spec().layers.front().forward.T; }

}  // namespace

NetworkLanes::NetworkLanes(const NetworkPlan& plan, const std::vector<SharedNetworkWeights>& weights, Stream stream)
    : plan_(plan), stream_(stream) {
  const StreamScope scope(stream);
  sequences_ = empty_sequences(plan.spec());
  if (swaps_reserve(plan.spec().layers.front().forward) && !sequences_.empty()) swap_.emplace(plan.spec());
  scratch_ = Tensor::empty({static_cast<std::int64_t>(plan.scratch_bytes())}, DType::u8, plan.device());
  make_streams();
  lanes_wait_for_stream();  // the weights and the memory above are ready in the order of this stream
  for (const NetworkStage& stage : plan.stages()) make_stage(stage, weights);
  for (std::vector<Lane>& lanes : stages_) {
    for (Lane& lane : lanes) {
      sessions_.push_back(&*lane.session);
      if (lane.tail) sessions_.push_back(&*lane.tail);
    }
  }
  stream_waits_for_lanes();  // a graph that the caller records does not wait for a lane that still packs weights
}

// Sessions free their memory in the order of their lanes, but graphs use it in the order of the network's stream.
NetworkLanes::~NetworkLanes() {
  try {
    lanes_wait_for_stream();
  } catch (const std::exception&) {
    // The CUDA context is destroyed, and its memory with it.
  }
}

void NetworkLanes::make_streams() {
  if (plan_.device() == cpu()) return;
  std::size_t most = 0;
  for (const NetworkStage& stage : plan_.stages()) most = std::max(most, stage.lanes.size());
  while (streams_.size() < most) streams_.push_back(std::make_unique<cuda_runtime::OwnedStream>(plan_.device()));
}

Stream NetworkLanes::lane_stream(std::size_t place) const {
  return streams_.empty() ? Stream{plan_.device()} : streams_[place]->get();
}

void NetworkLanes::lanes_wait_for_stream() const {
  for (const auto& lane : streams_) make_wait(lane->get(), stream_);
}

void NetworkLanes::stream_waits_for_lanes() const {
  for (const auto& lane : streams_) make_wait(stream_, lane->get());
}

// All stages share the scratch memory, because they run one after the other. Each lane of a stage has its own piece.
void NetworkLanes::make_stage(const NetworkStage& stage, const std::vector<SharedNetworkWeights>& weights) {
  std::vector<Lane>& lanes = stages_.emplace_back();
  std::int64_t begin = 0;
  for (const NetworkLane& lane : stage.lanes) {
    const auto end = begin + static_cast<std::int64_t>(scratch_bytes(lane));
    lanes.push_back(make_lane(lane, lane_stream(lanes.size()), scratch_.slice(0, begin, end), weights));
    begin = end;
  }
}

NetworkLanes::Lane NetworkLanes::make_lane(const NetworkLane& plan, Stream stream, const Tensor& workspace,
                                           const std::vector<SharedNetworkWeights>& weights) const {
  Lane lane{.plan = &plan, .stream = stream};
  try {
    lane.session.emplace(plan.plan, weights_of(plan, weights), stream, workspace);
    if (plan.tail) lane.tail.emplace(*plan.tail, weights_of(plan, weights), stream, workspace);
  } catch (const ValueError& error) {
    throw ValueError("weights of " + name_of(plan.layer, plan.direction) + ": " + error.what());
  }
  const RecurrenceSpec& spec = plan.plan.spec();
  if (spec.T == time_steps(plan_)) return lane;  // no chunks
  const StreamScope scope(stream);
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    lane.carried.push_back(Tensor::empty({spec.B, state_units(spec.cell, k)}, spec.dtype, spec.device));
  }
  return lane;
}

// The outputs of a layer in a run. A packed sequence between layers has as many rows as x.
Tensor NetworkLanes::between(std::size_t layer, const NetworkTensors& tensors) const {
  const RecurrenceSpec& spec = plan_.spec().layers[layer].forward;
  const Tensor& sequence = swap_ ? swap_->sequence(layer) : sequences_[layer];
  if (!tensors.reserve || swap_) return spec.packed ? sequence.slice(0, 0, tensors.x.size(0)) : sequence;
  const std::int64_t features = sequence.size(-1);
  const Shape shape = spec.packed ? Shape{tensors.x.size(0), features} : Shape{spec.T, spec.B, features};
  return tensor_of_piece(*tensors.reserve, reserve_.layers[layer].sequence, shape, spec.dtype);
}

// The features of a layer's outputs that one of its directions has.
Tensor NetworkLanes::direction_of(const Lane& lane, const Tensor& sequence) const {
  const NetworkLayer& layer = plan_.spec().layers[lane.plan->layer];
  const bool forward = lane.plan->direction == Direction::forward;
  const std::int64_t first = forward ? 0 : output_units(layer.forward.cell);
  const std::int64_t features = output_units((forward ? layer.forward : *layer.backward).cell);
  return sequence.slice(-1, first, first + features);
}

LaneTensors NetworkLanes::lane_tensors(const Lane& lane, const NetworkTensors& tensors) const {
  static const DirectionTensors nothing;
  const std::size_t k = lane.plan->layer;
  const NetworkLayer& layer = plan_.spec().layers[k];
  const bool forward = lane.plan->direction == Direction::forward;
  std::optional<Tensor> y = tensors.y;
  if (k + 1 < plan_.spec().layers.size()) y = between(k, tensors);
  if (y) y = direction_of(lane, *y);
  const DirectionTensors* given = &nothing;
  if (!tensors.layers.empty()) given = forward ? &tensors.layers[k].forward : &tensors.layers[k].backward;
  LaneTensors result{forward ? layer.forward : *layer.backward, k == 0 ? tensors.x : between(k - 1, tensors),
                     std::move(y), *given, lane.carried};
  if (!tensors.reserve) return result;
  const NetworkReserve::Layer& pieces = reserve_.layers[k];
  result.reserve = bytes_of_piece(*tensors.reserve, forward ? pieces.forward : pieces.backward);
  return result;
}

// The first lane is the trunk: stages follow each other on it, and the other lanes fork from it and join it again. The
// trunk waits for `from`, where the caller has made x and may still read what an earlier run wrote, and `from` waits
// for the trunk. If `from` is being recorded, these waits bring all lanes into the recording and join them to `from`.
void NetworkLanes::queue(const NetworkTensors& tensors, Stream from) {
  if (tensors.reserve) reserve_ = network_reserve(plan_.spec(), tensors.x);
  make_wait(lane_stream(0), from);
  for (std::size_t k = 0; k < stages_.size(); ++k) {
    queue_stage(plan_.stages()[k], stages_[k], tensors);
    if (swap_) store_sequence(k, tensors);
  }
  if (swap_) swap_->join(lane_stream(0));
  make_wait(from, lane_stream(0));
}

// Where runs keep a reserve, a stage is a layer or one of its directions.
void NetworkLanes::store_sequence(std::size_t stage, const NetworkTensors& tensors) const {
  const std::size_t layer = stages_[stage].front().plan->layer;
  const bool is_whole = stage + 1 == stages_.size() || stages_[stage + 1].front().plan->layer != layer;
  if (!is_whole || layer >= sequences_.size()) return;
  swap_->store(layer, reserve_.layers[layer].sequence, *tensors.reserve, lane_stream(0));
}

// Queues chunk after chunk, and within a chunk lane after lane. A wait covers only work that is queued before it, so a
// lane of a wavefront waits for the chunk that the lane below has just been given, and not for a later one.
void NetworkLanes::queue_stage(const NetworkStage& stage, std::vector<Lane>& lanes, const NetworkTensors& tensors) {
  const Stream trunk = lanes.front().stream;
  // The trunk has waited for all lanes of the stage before. So their outputs are complete, and they no longer use the
  // scratch memory that this stage shares with them.
  for (std::size_t k = 1; k < lanes.size(); ++k) make_wait(lanes[k].stream, trunk);
  const std::int64_t T = time_steps(plan_);
  const std::int64_t steps = stage.chunk_steps;
  Chunk chunk{0, std::min(steps, T)};
  do {  // T = 0 has one chunk, which copies the states
    const bool whole = chunk.end - chunk.begin == steps;
    for (std::size_t k = 0; k < lanes.size(); ++k) {
      // A lane waits before it reads a chunk of the lane below. No lane waits before it writes: the sequences between
      // layers have T steps, so no chunk overwrites another one that is still read.
      if (stage.kind == StageKind::wavefront && k > 0) make_wait(lanes[k].stream, lanes[k - 1].stream);
      Session& session = whole ? *lanes[k].session : *lanes[k].tail;
      session.run(chunk_tensors(lane_tensors(lanes[k], tensors), tensors, chunk));
    }
    chunk = {chunk.end, std::min(chunk.end + steps, T)};
  } while (chunk.begin < T);
  // The next stage reads what these lanes wrote.
  for (std::size_t k = 1; k < lanes.size(); ++k) make_wait(trunk, lanes[k].stream);
}

}  // namespace rondo
