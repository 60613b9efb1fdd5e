/// Several recurrences as one network: stacks of layers, each layer in one direction or in both.
///
/// A layer reads the output sequence of the layer below: forward's y, and backward's y beside it where the layer below
/// has both directions. On a CUDA device both directions of a layer may run at once, and so may layers of one direction
/// as a wavefront, in which a layer is a chunk of time steps behind the layer below. Where the executors predict times,
/// recurrences run at once only if that is predicted to be faster than one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rondo/plan/network_gradients.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// Names one of the recurrences of a layer by the order in which it reads time.
enum class Direction : std::uint8_t { forward, backward };

/// One layer of a network: a recurrence in one direction of time, or one in each.
struct NetworkLayer {
  RecurrenceSpec forward;
  /// A recurrence of the same T, B, I, dtype and device as `forward`. It reads reversed, or reversed within lengths,
  /// and writes in input order, so that both outputs of a step lie beside each other.
  std::optional<RecurrenceSpec> backward = std::nullopt;

  bool operator==(const NetworkLayer&) const = default;
};

/// Layers from the input up. All have the same T, B, dtype and device, and all keep a reserve or none, and swap it on a
/// CUDA device or not; the I of each layer is output_features of the layer below.
struct NetworkSpec {
  std::vector<NetworkLayer> layers;

  bool operator==(const NetworkSpec&) const = default;
};

/// Output units of forward, plus those of backward if the layer has it: the width of the layer's output sequence.
std::int64_t output_features(const NetworkLayer& layer);

/// Whether recurrences run at once where they can.
enum class Overlap : std::uint8_t { automatic, never };

/// Options of NetworkPlan::create. All members have defaults.
struct NetworkOptions {
  /// PlanOptions::executor, for every direction of every layer.
  std::string executor = {};
  std::string backward_executor = {};  ///< PlanOptions::backward_executor, likewise
  GraphUse graph_use = GraphUse::automatic;
  bool never_waits = false;  ///< PlanOptions::never_waits, for every direction of every layer
  int threads = 0;           ///< PlanOptions::threads, for every direction of every layer
  Overlap overlap = Overlap::automatic;
  /// Minimum steps per chunk. A positive value forces a wavefront wherever it is valid; 0 chooses the size and uses a
  /// wavefront only where it is predicted to be faster.
  std::int64_t chunk_steps = 0;
  std::optional<MatrixMath> math = std::nullopt;  ///< PlanOptions::math, for every direction of every layer

  bool operator==(const NetworkOptions&) const = default;
};

/// One recurrence of a stage.
struct NetworkLane {
  std::size_t layer = 0;
  Direction direction = Direction::forward;
  Plan plan;                                ///< the plan of one chunk
  std::optional<Plan> tail = std::nullopt;  ///< the plan of the last chunk, if that is shorter
};

/// How the recurrences of a stage depend on each other.
enum class StageKind : std::uint8_t {
  alone,            ///< one recurrence, with the whole device
  both_directions,  ///< both directions of one layer
  wavefront         ///< each lane reads the chunk that the lane before it wrote last
};

/// Recurrences that run at once, each with an equal share of the device. Stages run one after the other.
struct NetworkStage {
  StageKind kind = StageKind::alone;
  std::vector<NetworkLane> lanes = {};
  std::int64_t chunk_steps = 0;  ///< T where time is not cut into chunks
  std::string note = {};         ///< the prediction, or why the recurrence runs alone; may be empty
};

/// A decision, as Plan is: which executor runs each direction of each layer, on what share of the device, and what runs
/// at once. Only host code makes it; a NetworkPlan is immutable.
class NetworkPlan {
 public:
  /// Plans a network. Throws `ValueError`, naming the layer, for a network without layers, for specs that do not fit
  /// each other, and as Plan::create; also for a negative chunk_steps.
  [[nodiscard]] static NetworkPlan create(const NetworkSpec& spec, const DeviceProperties& properties,
                                          const NetworkOptions& options = {});
  [[nodiscard]] static NetworkPlan create(const NetworkSpec& spec, const NetworkOptions& options = {});

  const NetworkSpec& spec() const { return spec_; }
  const DeviceProperties& properties() const { return properties_; }
  const NetworkOptions& options() const { return options_; }
  const std::vector<NetworkStage>& stages() const { return stages_; }
  Device device() const { return spec_.layers.front().forward.device; }

  /// Bytes that a session allocates for its runs: scratch memory, the sequences between layers, and the states between
  /// chunks.
  std::size_t workspace_bytes() const;
  /// The part of workspace_bytes that is scratch memory: enough for the largest stage.
  std::size_t scratch_bytes() const;

  /// Bytes of NetworkTensors::reserve, for `packed_rows` as Plan::reserve_bytes has them: the reserves of all
  /// recurrences, and the sequences between layers. 0 where the specs keep nothing.
  std::size_t reserve_bytes(std::optional<std::int64_t> packed_rows = std::nullopt) const;
  /// Plan::empty_reserve, for NetworkTensors::reserve.
  [[nodiscard]] Tensor empty_reserve(std::optional<std::int64_t> packed_rows = std::nullopt) const;

  /// Tells which recurrences run at once and which do not, and why, and the plan of each recurrence.
  std::string explain() const;

 private:
  friend class Planner;

  NetworkPlan(const NetworkSpec& spec, const DeviceProperties& properties, const NetworkOptions& options,
              std::vector<NetworkStage> stages);

  NetworkSpec spec_;
  DeviceProperties properties_;
  NetworkOptions options_;
  std::vector<NetworkStage> stages_;
};

/// The weights of one layer.
struct NetworkWeights {
  RecurrentWeights forward;
  std::optional<RecurrentWeights> backward = std::nullopt;  ///< iff the layer has a backward direction
};

/// The weights of one layer, whose packed forms are shared with other sessions.
struct SharedNetworkWeights {
  SharedWeights forward;
  std::optional<SharedWeights> backward = std::nullopt;  ///< iff the layer has a backward direction

  bool operator==(const SharedNetworkWeights&) const = default;
};

/// The tensors of one direction of a layer besides the sequences. Each member is as in SessionTensors.
struct DirectionTensors {
  std::vector<Tensor> initial_state = {};
  std::optional<Tensor> last_output = std::nullopt;
  std::vector<Tensor> final_state = {};
  std::vector<Tensor> reset_state = {};
};

/// Holds the states and last outputs of both directions of a layer.
struct LayerTensors {
  DirectionTensors forward = {};
  DirectionTensors backward = {};
};

/// Tensors of one run, with strides as free as those of SessionTensors. Mask, lengths and resets apply to every
/// direction whose spec has them, and count the steps of that direction's input.
struct NetworkTensors {
  Tensor x;                                      ///< (T, B, I); packed (N, I)
  std::optional<Tensor> mask = std::nullopt;     ///< (T, B) boolean; iff a spec has_mask
  std::optional<Tensor> lengths = std::nullopt;  ///< (B,) i32; iff a spec has_lengths
  std::optional<Tensor> resets = std::nullopt;   ///< (T, B) boolean; iff a spec has_resets
  std::optional<Tensor> y = std::nullopt;  ///< (T, B, output_features of the last layer), written; packed (N, ...)
  std::vector<LayerTensors> layers = {};   ///< one for each layer; empty: zero states, and no states written
  std::optional<Tensor> batch_sizes = std::nullopt;  ///< as in SessionTensors; iff the specs are packed
  std::optional<Tensor> row_indices = std::nullopt;  ///< as in SessionTensors
  std::optional<Tensor> reserve = std::nullopt;      ///< as in SessionTensors, of NetworkPlan::reserve_bytes
};

/// A plan with its weights and all memory that its runs need. One thread uses a session at a time.
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
  /// Makes a session whose runs are queued on `stream`, as a Session's are. Lanes run on streams of the session's own,
  /// which wait for the work on `stream`, and `stream` waits for the lanes. `stream` must outlive the session. Throws
  /// `ValueError` naming the layer whose weights do not fit.
  NetworkSession(const NetworkPlan& plan, const std::vector<NetworkWeights>& weights,
                 std::optional<Stream> stream = std::nullopt);
  NetworkSession(const NetworkPlan& plan, const std::vector<SharedNetworkWeights>& weights,
                 std::optional<Stream> stream = std::nullopt);
  ~NetworkSession();
  NetworkSession(NetworkSession&&) noexcept;
  NetworkSession& operator=(NetworkSession&&) noexcept;

  /// Queues a run of the network; like Session::run, allocates nothing and does not wait. A caller may record a run in
  /// a graph; otherwise the session records the second run with the same tensors, all layers in one graph, and replays
  /// it from then on. On a CUDA device, keeps views of the tensors until the next run with others. In a wavefront,
  /// states between chunks have the dtype of the tensors. Throws `ValueError` naming the tensor that does not fit,
  /// before anything runs.
  void run(const NetworkTensors& tensors);

  /// Queues the gradients of a run of this session, layer after layer from the last one down, as Session::backward
  /// does. `run` has the tensors of that run, of which states and outputs are not read. Throws `ValueError`, before
  /// anything runs, naming the layer and what does not fit.
  void backward(const NetworkTensors& run, const NetworkGradients& gradients);

  /// Session::reload_weights for all recurrences.
  void reload_weights();

  /// Session::finish for all recurrences. If one has stalled, the whole last run is repeated.
  SessionStatus finish();
  [[deprecated("it is called finish now")]] SessionStatus status() { return finish(); }

  const NetworkPlan& plan() const;

 private:
  friend struct KeptRun;

  bool has_notice_of_a_stall() const;  ///< Session::has_notice_of_a_stall of any recurrence
  SessionStatus settle();              ///< as finish, but repeats no run

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
