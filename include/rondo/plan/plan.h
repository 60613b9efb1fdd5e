/// Which executor runs a recurrence, decided once, and the session that runs it. Floor 5.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rondo/recurrence/recurrence.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/stall.h"

namespace rondo {

class Executor;

/// Options of Plan::create. All members have defaults.
struct PlanOptions {
  /// Name of the only executor to consider, such as "reference"; empty: the first that accepts, in the
  /// order of executor_names, without those that are asked by name alone.
  std::string executor = {};
  GraphUse graph_use = GraphUse::automatic;
  /// The most threads of the CPU that a run takes; 0 stands for the number of processors that the process may use.
  /// Results are the same for every number.
  int threads = 0;
  /// Excludes executors whose blocks wait for each other: for runs whose status cannot be asked for, as in a graph that
  /// is replayed without its session.
  bool never_waits = false;
};

/// A decision, made by host code from plain data: no device is touched, so a plan for a device that is not there can be
/// made and read. Immutable; copies share nothing mutable and may be used by many threads.
///
/// @code
/// RecurrenceSpec spec = {.cell = {.kind = CellKind::gru, .units = 64}, .T = 100, .B = 8, .I = 16};
/// Plan plan = Plan::create(spec);
/// std::puts(plan.explain().c_str());
/// @endcode
class Plan {
 public:
  /// Asks the executors in order; the first that accepts is chosen. Throws `ValueError` for a spec with a negative or
  /// missing size, for an executor name that does not exist, and, quoting the reasons, when none accepts.
  static Plan create(const RecurrenceSpec& spec, const DeviceProperties& properties, const PlanOptions& options = {});
  static Plan create(const RecurrenceSpec& spec, const PlanOptions& options = {});

  /// For an executor that is in no list and outlives the plan. `options.executor` is not looked at. Throws `ValueError`
  /// as above.
  static Plan create_for(const Executor& executor, const RecurrenceSpec& spec, const DeviceProperties& properties,
                         const PlanOptions& options = {});

  const RecurrenceSpec& spec() const { return spec_; }
  /// Of the device it was made for.
  const DeviceProperties& properties() const { return properties_; }
  const Executor& executor() const { return *executor_; }
  GraphUse graph_use() const { return graph_use_; }
  std::string executor_name() const;
  /// Bytes of scratch memory that one run needs.
  std::size_t workspace_bytes() const;
  /// The spec, why each executor before the chosen one declined, the chosen one, and what that says of how it runs the
  /// spec; a line for each.
  std::string explain() const;

 private:
  struct Refusal {
    std::string executor;
    std::string reason;
  };

  Plan(const RecurrenceSpec& spec, const DeviceProperties& properties, const PlanOptions& options);

  /// Asks one executor: it is the chosen one, or one of those that declined.
  bool takes(const Executor& executor);

  RecurrenceSpec spec_;
  DeviceProperties properties_;
  GraphUse graph_use_;
  bool never_waits_;
  const Executor* executor_ = nullptr;  // executors live as long as the program
  std::vector<Refusal> refusals_;
};

/// Names of the executors of this build that run on such a device: those that a plan asks, in its order, and then those
/// that it asks by name alone.
std::vector<std::string> executor_names(Device device = cpu());

/// Tensors of one run; the dtype is the spec's unless another is named. The innermost axis of each must be without
/// gaps (stride 1); all other strides are free, so (B, T, ...) and (T, B, ...) memory both come as (T, B, ...) views:
/// `x.swap_axes(0, 1)`. With a projection of P units h and all outputs have P features, and c has H.
struct SessionTensors {
  Tensor x;                                          ///< (T, B, I)
  std::optional<Tensor> mask = std::nullopt;         ///< (T, B) boolean: true where a row is live; iff spec.has_mask
  std::optional<Tensor> lengths = std::nullopt;      ///< (B,) i32, clamped to 0 .. T; iff spec.has_lengths
  std::vector<Tensor> initial_state = {};            ///< each (B, H): h, and c for an LSTM; empty: zeros
  std::optional<Tensor> y = std::nullopt;            ///< (T, B, H), written; absent: no sequence is written at all
  std::optional<Tensor> last_output = std::nullopt;  ///< (B, H), written: what the last processing step emitted
  std::vector<Tensor> final_state = {};  ///< each (B, H), written; may be `initial_state`; empty: not wanted
};

/// What only the device could find out during the runs of a session.
struct SessionStatus {
  /// A row's length was below 0 or above T; it was taken as 0 or T. docs/semantics.md, "Lengths out of range", has what
  /// other interfaces do.
  bool length_out_of_range = false;
  /// Blocks of a kernel that wait for each other did not all arrive within two seconds, as when other work held the
  /// device. Discard what the runs since the last status wrote: the stalled run wrote NaN from the step on at which it
  /// stalled, and runs that were queued behind it wrote nothing but NaN. The last run alone was repeated, without any
  /// wait between blocks, and all later runs take that path. Its results are right unless `final_state` was its
  /// `initial_state`.
  bool stalled = false;
  StallRecord stall = {};  ///< where `stalled`: the first wait that was given up
};

/// A plan with its weights and its workspace: everything is allocated here, nothing in `run`. Used by one thread at a
/// time; sessions of one plan are independent.
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
  /// Runs will be queued on `stream`; without one on the CPU, or on the default stream of the plan's CUDA device. On
  /// the CPU they take threads of the pool that is the default one now (thread_pool.h). Keeps views of the weights,
  /// which the caller does not change while the session lives. `workspace` is memory on the plan's device, of at least
  /// `plan.workspace_bytes()` bytes, that no other run uses at the same time; without one the session allocates
  /// its own. Throws as check_weights, and `ValueError` for a workspace that does not do.
  Session(const Plan& plan, const RecurrentWeights& weights, std::optional<Stream> stream = std::nullopt,
          const std::optional<Tensor>& workspace = std::nullopt);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Queues the recurrence on the session's stream; on the CPU it is done when this returns. Mask and lengths are read
  /// from the device when the work runs. On a CUDA device a run may be recorded in a caller's graph; outside of one,
  /// the session itself records the second run with the same tensors and replays it from then on. Throws `ValueError`
  /// naming the tensor whose shape, dtype, device or innermost stride does not fit the plan, and `RuntimeError` when
  /// another thread is in this session; before anything runs.
  void run(const SessionTensors& tensors);

  /// Waits for the runs so far, tells what they found since this was last asked, and forgets it. May run the last one
  /// again (SessionStatus::stalled).
  SessionStatus status();

  const Plan& plan() const;

 private:
  friend class NetworkSession;  // whose graphs run its sessions without calling `run`: only it knows the last run

  /// What `status` tells, without doing anything about it.
  SessionStatus take_status();
  /// Does a run with these tensors, and from then on every run, as after a stall.
  void recover(const SessionTensors& tensors);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
