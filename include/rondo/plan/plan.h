/// The plan of a recurrence, which decides once which executor runs it, and the session that runs the plan.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rondo/plan/gradients.h"
#include "rondo/plan/shared_weights.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/stall.h"

namespace rondo {

/// Options of Plan::create. All members have defaults.
struct PlanOptions {
  /// Name of the only executor to consider, such as "reference". Empty: the plan takes the first executor that accepts,
  /// in the order of executor_names, without the executors that are asked by name alone.
  std::string executor = {};
  /// Name of the only executor to consider for gradients, where the spec keeps what they need. Empty: the first that
  /// accepts, in the same order; of cuDNN's executors, whose reserves nobody else reads, the executor itself.
  std::string backward_executor = {};
  GraphUse graph_use = GraphUse::automatic;
  /// The most threads of the CPU that a run uses; 0 stands for the number of processors that the process may use.
  /// Results are the same for every number.
  int threads = 0;
  /// Excludes executors whose blocks wait for each other. Set it for runs whose status cannot be asked for, as in a
  /// graph that is replayed without its session.
  bool never_waits = false;
  /// How products of f32 are computed, in place of RecurrenceSpec::math: for callers whose specs others make, such as
  /// layers. Absent: as the spec says.
  std::optional<MatrixMath> math = std::nullopt;

  bool operator==(const PlanOptions&) const = default;
};

/// A decision, made by host code without touching a device, so a plan for a device that the machine does not have can
/// be made and read. A plan is immutable: copies share it, and many threads may use them.
///
/// @code
/// RecurrenceSpec spec = {.cell = {.kind = CellKind::gru, .units = 64}, .T = 100, .B = 8, .I = 16};
/// Plan plan = Plan::create(spec);
/// std::puts(plan.explain().c_str());
/// @endcode
class Plan {
 public:
  /// Asks the executors in order and chooses the first that accepts. Throws `ValueError` for a spec with a negative or
  /// missing size, for an executor name that does not exist, and, with all reasons, if no executor accepts.
  [[nodiscard]] static Plan create(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                   const PlanOptions& options = {});
  [[nodiscard]] static Plan create(const RecurrenceSpec& spec, const PlanOptions& options = {});

  const RecurrenceSpec& spec() const;
  /// The properties of the device that the plan was made for.
  const DeviceProperties& properties() const;
  GraphUse graph_use() const;
  std::string executor_name() const;
  /// Name of the executor that computes gradients; empty where the spec keeps nothing.
  std::string backward_executor_name() const;
  /// Bytes of scratch memory that one run needs, or the gradients of one.
  std::size_t workspace_bytes() const;
  /// Bytes of SessionTensors::reserve, for `packed_rows` rows of x where the spec is packed (absent: T B, the most); 0
  /// where the spec keeps nothing. What cuDNN's executors keep is asked of the device, which must be there: throws
  /// `ValueError` for a recurrence that cuDNN then refuses.
  std::size_t reserve_bytes(std::optional<std::int64_t> packed_rows = std::nullopt) const;
  /// Memory for a reserve of reserve_bytes(packed_rows), where the plan's runs want it: on the spec's device or, with
  /// swap_memory on a CUDA device, in page-locked memory of the host. It is freed in the order of the device's current
  /// stream. Throws `ValueError` where the spec keeps nothing.
  [[nodiscard]] Tensor empty_reserve(std::optional<std::int64_t> packed_rows = std::nullopt) const;
  /// The predicted time of a run in nanoseconds, with the product of the inputs; absent where the executor has no model
  /// of its time.
  std::optional<double> predicted_ns() const;
  /// Whether blocks of a kernel wait for each other, so that a run or its gradients may stall (SessionStatus::stalled,
  /// SessionStatus::gradients_stalled).
  bool may_stall() const;
  /// A text with one line each for the spec, for the reason of each executor that declined, for the chosen executor,
  /// and for what that executor tells about how it runs the spec.
  std::string explain() const;

 private:
  friend class Planner;
  struct Data;

  explicit Plan(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  std::shared_ptr<const Data> data_;
};

/// Names of this build's executors for devices of this type: the automatic ones in the order in which a plan asks them,
/// then those that a plan asks by name alone.
std::vector<std::string> executor_names(Device device = cpu());

/// Tensors of one run, in the spec's dtype unless another is named. The innermost axis of each must have no gaps
/// (stride 1). All other strides are free, so batch-major memory (B, T, ...) is given as a view (T, B, ...):
/// `x.swap_axes(0, 1)`. With a projection of P units, h and all outputs have P features, and c has H.
struct SessionTensors {
  Tensor x;                                      ///< (T, B, I); packed (N, I)
  std::optional<Tensor> mask = std::nullopt;     ///< (T, B) boolean: true where a row is live; iff spec.has_mask
  std::optional<Tensor> lengths = std::nullopt;  ///< (B,) i32, clamped to 0 .. T; iff spec.has_lengths
  /// (T, B) boolean: true where input step t begins a new piece of row b; iff spec.has_resets. Read forward, the states
  /// of the row become `reset_state` before step t is read; read in reverse, before step t - 1 is read, the last of the
  /// piece in front. Marks at a row's length or later mean nothing. docs/semantics.md, "Resets", has more.
  std::optional<Tensor> resets = std::nullopt;
  std::vector<Tensor> reset_state = {};              ///< each (H), or (B, H): as `initial_state`; empty: zeros
  std::vector<Tensor> initial_state = {};            ///< each (B, H): h, and c for an LSTM; empty: zeros
  std::optional<Tensor> y = std::nullopt;            ///< (T, B, H), written; packed (N, H); absent: no sequence at all
  std::optional<Tensor> last_output = std::nullopt;  ///< (B, H), written: what the last processing step emitted
  std::vector<Tensor> final_state = {};  ///< each (B, H), written; may be `initial_state`; empty: not wanted
  /// (T) of i32 or i64, iff spec.packed: how many rows step t has, at most B, and no more than the step before. On the
  /// CPU or, for a run on a CUDA device, on that device: then the device reads them when the work runs. N is their sum,
  /// or more where the device reads them.
  std::optional<Tensor> batch_sizes = std::nullopt;
  /// (B) of i32 or i64, where `batch_sizes` may be, only if spec.packed: which row of the states and of the last output
  /// row b of the batch has, as PyTorch's `sorted_indices` say. No two rows have the same, also those without steps.
  /// Absent: row b. With spec.state_rows it is there, and all that has B rows above has state_rows.
  std::optional<Tensor> row_indices = std::nullopt;
  /// Bytes (u8) without gaps on the spec's device, at least Plan::reserve_bytes and aligned to 64 (to 256 for cuDNN's
  /// executors, as memory of a CUDA device is from the beginning of its allocation), written by a run whose spec keeps
  /// something, and read by Session::backward: iff spec.keep is not `nothing`. With swap_memory on a CUDA device they
  /// are on the CPU, page-locked. The reserve is the caller's, so that any number of runs may await their gradients; on
  /// a CUDA device it stays at its address until then. Plan::empty_reserve makes one.
  std::optional<Tensor> reserve = std::nullopt;
};

/// What only the device could find out during the runs of a session.
struct SessionStatus {
  /// A row's length was below 0 or above T; it was taken as 0 or T. docs/semantics.md, "Lengths out of range", has what
  /// other interfaces do.
  bool length_out_of_range = false;
  /// Sizes or indices of a packed batch that the device read did not fit. Sizes were taken as at most B, as at most the
  /// size before, and so that all rows are within x; indices as 0 or B - 1.
  bool packed_out_of_range = false;
  /// Blocks of a kernel that wait for each other did not all arrive within two seconds, as when other work held the
  /// device. Discard what the runs since the last status wrote, and their gradients: the stalled run wrote NaN from the
  /// step on at which it stalled, and runs that were queued behind it wrote nothing but NaN. The last run alone was
  /// repeated, without any wait between blocks, and all later runs take that path. Its results are right unless
  /// `final_state` was its `initial_state`.
  bool stalled = false;
  /// The same of Session::backward: discard the gradients since the last status. They hold NaN, but what they should
  /// have been added to is unchanged. None was computed again; later ones are computed without any wait between blocks.
  bool gradients_stalled = false;
  StallRecord stall = {};  ///< where one of the two is set: the first wait that was given up
};

/// A plan with its weights and its workspace. The constructor allocates everything, and `run` nothing. One thread uses
/// a session at a time; sessions of one plan are independent.
///
/// @code
/// const std::int64_t T = 100, B = 2, I = 3, H = 4;
/// RecurrentWeights weights = {.kernel = Tensor::full({I, 4 * H}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({H, 4 * H}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({4 * H}, DType::f32)};
/// Session session(Plan::create({.cell = {.units = H}, .T = T, .B = B, .I = I}), weights);
///
/// // States go from run to run: a run may read and write the same tensors.
/// Tensor h = Tensor::zeros({B, H}, DType::f32);
/// Tensor c = Tensor::zeros({B, H}, DType::f32);
/// Tensor x = Tensor::full({T, B, I}, 1.0, DType::f32);
/// Tensor y = Tensor::empty({T, B, H}, DType::f32);
/// for (int chunk = 0; chunk < 3; ++chunk) {
///   session.run({.x = x, .initial_state = {h, c}, .y = y, .final_state = {h, c}});
/// }
/// @endcode
class Session {
 public:
  /// Makes a session whose runs are queued on `stream`, or without one on the default stream of the plan's CUDA device.
  /// Runs on the CPU use the thread pool that is the default one now (thread_pool.h). Packs the weights and keeps views
  /// of them: their elements must not change without a call of reload_weights. `workspace` is memory on the plan's
  /// device, of at least `plan.workspace_bytes()` bytes, that no other run uses at the same time; without one the
  /// session allocates its own. Throws as check_weights, and `ValueError` for a stream of another device or a workspace
  /// that does not fit.
  Session(const Plan& plan, const RecurrentWeights& weights, std::optional<Stream> stream = std::nullopt,
          const std::optional<Tensor>& workspace = std::nullopt);
  /// Shares the packed weights with all sessions of these SharedWeights, whose `reload` is for all of them.
  Session(const Plan& plan, const SharedWeights& weights, std::optional<Stream> stream = std::nullopt,
          const std::optional<Tensor>& workspace = std::nullopt);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Queues the recurrence on the session's stream; on the CPU the run is done when this returns. The device reads mask
  /// and lengths when the work runs. On a CUDA device a caller may record a run in a graph; otherwise the session
  /// records the second run with the same tensors and replays it from then on. Before anything runs, throws
  /// `ValueError` naming the tensor whose shape, dtype, device or innermost stride does not fit the plan, and
  /// `RuntimeError` if another thread is in this session.
  void run(const SessionTensors& tensors);

  /// Queues the gradients of a run of this session on its stream, as `run` is queued. `run` has the tensors of that
  /// run: x, mask, lengths, resets, reset_state, batch_sizes, row_indices and reserve, whose elements have not changed.
  /// Its states and outputs are not read, and may be absent or hold other values. The reserve stays as it is, unless
  /// SessionGradients::reserve_use gives it up. May be called any number of times, in any order of the runs. Before
  /// anything runs, throws `ValueError` naming the tensor that does not fit, a reserve that no run has written, that
  /// another plan, or a run with other tensors, has written, or that was written with weights that have been reloaded
  /// since.
  void backward(const SessionTensors& run, const SessionGradients& gradients);

  /// Packs the weights again, whose elements have changed, on the session's stream. Allocates nothing, and may be
  /// recorded in a graph. Weights that are shared are packed for all sessions: see SharedWeights::reload.
  void reload_weights();

  /// Waits for the runs so far, returns what they found since the last call, and clears it. May repeat the last run
  /// (SessionStatus::stalled).
  SessionStatus finish();
  [[deprecated("it is called finish now")]] SessionStatus status() { return finish(); }

  const Plan& plan() const;

 private:
  friend class NetworkSession;  // replays its sessions without calling `run`, so only it knows the last run
  friend class NetworkLanes;    // checks all gradients of a network before it runs any
  friend struct KeptRun;

  /// Whether a run may have stalled. Does not wait for the device.
  bool has_notice_of_a_stall() const;
  /// As finish, but repeats no run.
  SessionStatus settle();
  /// Throws as backward does before it runs.
  void check_backward(const SessionTensors& run, const SessionGradients& gradients) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
