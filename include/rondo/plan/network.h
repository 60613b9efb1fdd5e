/// Several recurrences as one: stacks of layers, each of them in one direction or in both. Floor 5.
///
/// A layer reads the output sequence of the one below it: forward's y, and backward's beside it where it runs in both
/// directions. What can run at once does so on a CUDA device: both directions of a layer, and layers of one direction
/// as a wavefront, in which a layer is a chunk of time steps behind the one below it. Where the executors predict
/// times, that is done only if it is predicted to be faster than one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rondo/plan/plan.h"

namespace rondo {

/// Names one of the recurrences of a layer by the order in which it reads time.
enum class Direction : std::uint8_t { forward, backward };

/// One layer of a network: a recurrence in one direction of time, or one in each.
struct NetworkLayer {
  RecurrenceSpec forward;
  /// Of the same T, B, I, dtype and device. Reads reversed, or reversed within lengths, and writes in input order, so
  /// that both outputs of a step lie beside each other.
  std::optional<RecurrenceSpec> backward = std::nullopt;
};

/// Layers from the input up. All have the same T, B, dtype and device, and each as many inputs as the one below it has
/// outputs.
struct NetworkSpec {
  std::vector<NetworkLayer> layers;
};

/// Output units of forward, and of backward where there is one: the width of the layer's output sequence.
std::int64_t output_features(const NetworkLayer& layer);

/// Whether recurrences run at once where they can.
enum class Overlap : std::uint8_t { automatic, never };

/// Options of NetworkPlan::create. All members have defaults.
struct NetworkOptions {
  /// As PlanOptions has it, for every direction of every layer.
  std::string executor = {};
  GraphUse graph_use = GraphUse::automatic;
  bool never_waits = false;  ///< as PlanOptions has it
  Overlap overlap = Overlap::automatic;
  /// Minimum steps per chunk. A positive value forces a wavefront wherever it is valid; 0 chooses the size and uses a
  /// wavefront only where it is predicted to be faster.
  std::int64_t chunk_steps = 0;
  /// An executor that is in no list and outlives the plan, as Plan::create_for has it; `executor` is not looked at.
  const Executor* unlisted_executor = nullptr;
};

/// A recurrence of a stage.
struct NetworkLane {
  std::size_t layer = 0;
  Direction direction = Direction::forward;
  Plan plan;                                ///< of a chunk
  std::optional<Plan> tail = std::nullopt;  ///< of the last chunk, where that is shorter
};

/// How the recurrences of a stage depend on each other.
enum class StageKind : std::uint8_t {
  alone,            ///< one recurrence, with the whole device
  both_directions,  ///< of one layer
  wavefront         ///< each lane reads the chunk that the lane before it wrote last
};

/// Recurrences that run at once, each with an equal share of the device. Stages run one after the other.
struct NetworkStage {
  StageKind kind = StageKind::alone;
  std::vector<NetworkLane> lanes = {};
  std::int64_t chunk_steps = 0;  ///< T where time is not cut
  std::string note = {};         ///< what was predicted, why not more runs at once, or nothing
};

/// A decision, as Plan is: which executor runs each direction of each layer, on what share of the device, and what runs
/// at once. Host code alone; immutable.
class NetworkPlan {
 public:
  /// Throws `ValueError`, naming the layer, for a network without layers, for specs that do not fit each other, and as
  /// Plan::create.
  static NetworkPlan create(const NetworkSpec& spec, const DeviceProperties& properties,
                            const NetworkOptions& options = {});
  static NetworkPlan create(const NetworkSpec& spec, const NetworkOptions& options = {});

  const NetworkSpec& spec() const { return spec_; }
  const DeviceProperties& properties() const { return properties_; }
  const NetworkOptions& options() const { return options_; }
  const std::vector<NetworkStage>& stages() const { return stages_; }
  Device device() const { return spec_.layers.front().forward.device; }

  /// Bytes that a session allocates for its runs: the scratch memory of what runs at once, the sequences between layers
  /// and the states between chunks.
  std::size_t workspace_bytes() const;
  /// The part of it that is scratch memory.
  std::size_t scratch_bytes() const;

  /// What runs at once and what does not, and why, and the plan of each recurrence.
  std::string explain() const;

 private:
  NetworkPlan(const NetworkSpec& spec, const DeviceProperties& properties, const NetworkOptions& options);

  NetworkSpec spec_;
  DeviceProperties properties_;
  NetworkOptions options_;
  std::vector<NetworkStage> stages_;
};

/// Of one layer.
struct NetworkWeights {
  RecurrentWeights forward;
  std::optional<RecurrentWeights> backward = std::nullopt;  ///< iff the layer has a backward direction
};

/// What one direction of a layer takes and gives besides the sequence; each as SessionTensors has it.
struct DirectionTensors {
  std::vector<Tensor> initial_state = {};
  std::optional<Tensor> last_output = std::nullopt;
  std::vector<Tensor> final_state = {};
};

/// Holds the states and last outputs of both directions of a layer.
struct LayerTensors {
  DirectionTensors forward = {};
  DirectionTensors backward = {};
};

/// Tensors of one run, with strides as free as those of SessionTensors. Mask and lengths are for every direction whose
/// spec has them, and speak of the steps of its input.
struct NetworkTensors {
  Tensor x;                                      ///< (T, B, I)
  std::optional<Tensor> mask = std::nullopt;     ///< (T, B); iff a spec has one
  std::optional<Tensor> lengths = std::nullopt;  ///< (B,); iff a spec has them
  std::optional<Tensor> y = std::nullopt;        ///< (T, B, output_features of the last layer), written
  std::vector<LayerTensors> layers = {};         ///< one for each layer; empty: nothing given and nothing wanted
};

/// A plan with its weights and all memory that its runs need. Used by one thread at a time.
///
/// @code
/// // Two layers of LSTMs, the lower one in both directions.
/// const std::int64_t T = 20, B = 2, I = 3, H = 4;
/// auto weights_for = [](std::int64_t inputs) -> RecurrentWeights {
///   return {.kernel = Tensor::full({inputs, 4 * H}, 0.1, DType::f32),
///           .recurrent_kernel = Tensor::full({H, 4 * H}, 0.1, DType::f32),
///           .bias = Tensor::zeros({4 * H}, DType::f32)};
/// };
/// RecurrenceSpec forward = {.cell = {.units = H}, .T = T, .B = B, .I = I};
/// RecurrenceSpec backward = forward;
/// backward.rules = {.read = ReadOrder::reversed, .write = WriteOrder::input};
/// RecurrenceSpec top = forward;
/// top.I = 2 * H;  // reads both directions beside each other
///
/// NetworkSpec spec = {.layers = {{.forward = forward, .backward = backward}, {.forward = top}}};
/// std::vector<NetworkWeights> weights = {{.forward = weights_for(I), .backward = weights_for(I)},
///                                        {.forward = weights_for(2 * H)}};
/// NetworkSession session(NetworkPlan::create(spec), weights);
/// Tensor x = Tensor::full({T, B, I}, 1.0, DType::f32);
/// Tensor y = Tensor::empty({T, B, H}, DType::f32);
/// session.run({.x = x, .y = y});
/// @endcode
class NetworkSession {
 public:
  /// Runs will be queued on `stream`, as a Session's; what runs at once does so on streams of the session's own, which
  /// begin after what is on `stream` and which `stream` waits for. `stream` lives longer than the session. Throws
  /// `ValueError` naming the layer whose weights do not fit.
  NetworkSession(const NetworkPlan& plan, const std::vector<NetworkWeights>& weights,
                 std::optional<Stream> stream = std::nullopt);
  ~NetworkSession();
  NetworkSession(NetworkSession&&) noexcept;
  NetworkSession& operator=(NetworkSession&&) noexcept;

  /// As Session::run, this allocates nothing and does not wait. A run may be recorded in a caller's graph; outside of
  /// one, the second run with the same tensors is recorded, all layers in one graph, and replayed from then on. On a
  /// CUDA device, keeps views of the tensors until the next run with others. In a wavefront the states go from chunk to
  /// chunk in the dtype of the tensors. Throws `ValueError` naming the tensor that does not fit, before anything runs.
  void run(const NetworkTensors& tensors);

  /// As Session::status, of all recurrences. When one has stalled, the whole last run is done again.
  SessionStatus status();

  const NetworkPlan& plan() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
