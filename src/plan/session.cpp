// Checks the tensors of a run against the plan and hands their addresses to the executor.

#include <atomic>
#include <utility>

#include "cuda/runtime/range.h"
#include "plan/gradient_tensors.h"
#include "plan/planner.h"
#include "plan/session_impl.h"
#include "plan/session_status.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/log.h"

namespace rondo {
namespace {

// The alignment that cuBLASLt requires of its workspace.
constexpr std::size_t kCudaWorkspaceAlignment = 256;

Tensor bytes_on(Device device, std::size_t bytes) {
  return Tensor::empty({static_cast<std::int64_t>(bytes)}, DType::u8, device);
}

std::size_t bytes_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype());
}

Tensor checked_workspace(const Tensor& workspace, const Plan& plan) {
  const Device device = plan.spec().device;
  const auto alignment = static_cast<std::uintptr_t>(device == cpu() ? Allocator::kAlignment : kCudaWorkspaceAlignment);
  const std::string expected = std::to_string(plan.workspace_bytes()) + " bytes without gaps on " + to_string(device) +
                               ", aligned to " + std::to_string(alignment);
  const bool fits = workspace.defined() && workspace.device() == device && workspace.is_contiguous() &&
                    bytes_of(workspace) >= plan.workspace_bytes();
  if (!fits) throw ValueError("workspace", describe(workspace), expected);
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.data());
  if (address % alignment != 0) {
    throw ValueError("workspace", "memory aligned to " + std::to_string(address & (~address + 1)), expected);
  }
  return workspace;
}

// The plan names another executor, so a user could not tell why the run is slower than expected.
void tell_once(const Planner::Data& data, const std::string& fallback, const std::string& planned,
               const std::string& reason) {
  static std::atomic_flag told = ATOMIC_FLAG_INIT;  // not a once_flag, which could block a child of fork()
  if (told.test_and_set()) return;
  log(LogLevel::warning,
      fallback + " runs on " + to_string(data.spec.device) + " what was planned for " + planned + ": " + reason);
}

RuntimeError no_room(const Planner::Data& data, const std::string& executor, const std::string& refusal) {
  return RuntimeError(executor + " has no kernel that " + to_string(data.spec.device) + " has room for: " + refusal +
                      "; choose another executor");
}

Stream checked_stream(const Plan& plan, std::optional<Stream> stream) {
  const Device device = plan.spec().device;
  if (stream && stream->device != device) throw ValueError("stream", to_string(stream->device), to_string(device));
  return stream.value_or(Stream{device});
}

}  // namespace

Session::Impl::~Impl() {
  if (flags.has_notice() || backward_flags.has_notice()) {
    log(LogLevel::warning, "a run on " + to_string(stream.device) + " stalled, and nobody asked: its results are NaN");
  }
  if (weights != nullptr) weights->packs->order_release_after(stream);
}

void Session::Impl::prepare(const SharedWeights& its_weights, const std::optional<Tensor>& its_workspace) {
  const StreamScope scope(stream);  // orders allocation and packing before the runs
  weights = its_weights.impl_;
  const Device device = plan.spec().device;
  workspace = its_workspace ? checked_workspace(*its_workspace, plan) : bytes_on(device, plan.workspace_bytes());
  const Planner::Data& data = Planner::data(plan);
  flags = RunFlags(stream, data.decision->may_stall());
  if (plan.spec().packed) packed.emplace(plan.spec());
  make_runner();
  if (data.backward == nullptr) return;
  backward_flags = RunFlags(stream, data.backward->may_stall());
  make_backward_runner();
}

// Makes the runner that the plan has decided on or, where the device has no room for it, that of the plan's fallback.
void Session::Impl::make_runner() {
  const Planner::Data& data = Planner::data(plan);
  MadeRunner made = data.decision->make_runner(request());
  if (made.runner != nullptr) return take(std::move(made));
  if (!data.may_be_replaced || data.fallback == nullptr) throw no_room(data, plan.executor_name(), made.refusal);
  tell_once(data, data.fallback_name, plan.executor_name(), made.refusal);
  use_fallback();
}

// As make_runner, for the gradients.
void Session::Impl::make_backward_runner() {
  const Planner::Data& data = Planner::data(plan);
  MadeBackwardRunner made = data.backward->make_runner(request());
  backward_runner = std::move(made.runner);
  if (backward_runner != nullptr) return;
  const std::string name = plan.backward_executor_name();
  if (!data.backward_may_be_replaced || data.backward_fallback == nullptr) throw no_room(data, name, made.refusal);
  tell_once(data, data.backward_fallback_name, name, made.refusal);
  use_backward_fallback();
}

void Session::Impl::use_backward_fallback() {
  backward_runner = Planner::data(plan).backward_fallback->make_runner(request()).runner;
  runs_backward_fallback = true;
}

void Session::Impl::use_fallback() {
  take(Planner::data(plan).fallback->make_runner(request()));
  runs_fallback = true;
}

// The workspace fits the plan. Another runner than the planned one may need more.
void Session::Impl::take(MadeRunner made) {
  if (made.workspace_bytes > bytes_of(workspace)) workspace = bytes_on(stream.device, made.workspace_bytes);
  runner = std::move(made.runner);
}

RunnerRequest Session::Impl::request() const {
  return {.spec = plan.spec(),
          .weights = weight_buffers(plan.spec().cell, weights->contiguous),
          .packs = weights->packs,
          .stream = stream,
          .properties = plan.properties(),
          .graph_use = plan.graph_use()};
}

// After a stall, later runs have no waits between blocks.
SessionStatus Session::Impl::settle() {
  const Planner::Data& data = Planner::data(plan);
  const SessionStatus status = flags.take();
  if (status.stalled && !runs_fallback && data.fallback != nullptr) use_fallback();
  SessionStatus of_gradients = backward_flags.take();
  of_gradients.gradients_stalled = std::exchange(of_gradients.stalled, false);
  const bool has_fallback = !runs_backward_fallback && data.backward_fallback != nullptr;
  if (of_gradients.gradients_stalled && has_fallback) use_backward_fallback();
  return merged(status, of_gradients);
}

// The addresses of a backward, which have been checked.
GradientBuffers Session::Impl::gradient_buffers(const SessionTensors& run, const SessionGradients& gradients) const {
  const RecurrenceSpec& spec = plan.spec();
  if (spec.keep == Keep::nothing) throw ValueError("keep", "nothing", "states or gates in the spec, for gradients");
  GradientBuffers checked = rondo::gradient_buffers(spec, kept_of(run), gradients, memory(backward_flags));
  tags.check(*run.reserve, tag_of_run(run));
  return checked;
}

// What a run and its gradients have in common before they are queued.
void Session::Impl::prepare_run(const SessionTensors& tensors, const RecurrenceBuffers& buffers) {
  if (packed) packed->update(plan.spec(), tensors, buffers.flags, stream);
  if (stream.device == cpu()) look_at_lengths(buffers);
  weights->check_unchanged();
}

// Sets kLengthOutOfRange on the CPU. On a CUDA device a kernel sets it.
void Session::Impl::look_at_lengths(const RecurrenceBuffers& buffers) const {
  for (std::int64_t b = 0; b < buffers.schedule.B; ++b) {
    if (!buffers.schedule.length_fits(b)) *buffers.flags |= kLengthOutOfRange;
  }
}

// Weights that do not fit are refused before a copy of them is made.
Session::Session(const Plan& plan, const RecurrentWeights& weights, std::optional<Stream> stream,
                 const std::optional<Tensor>& workspace)
    : impl_(std::make_unique<Impl>(plan, checked_stream(plan, stream))) {
  check_fits(plan.spec(), weights);
  const StreamScope scope(impl_->stream);  // orders the copies of weights with gaps before the runs
  impl_->prepare(SharedWeights(weights), workspace);
}

Session::Session(const Plan& plan, const SharedWeights& weights, std::optional<Stream> stream,
                 const std::optional<Tensor>& workspace)
    : impl_(std::make_unique<Impl>(plan, checked_stream(plan, stream))) {
  check_fits(plan.spec(), weights.weights());
  impl_->prepare(weights, workspace);
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const Plan& Session::plan() const { return impl_->plan; }

void Session::run(const SessionTensors& tensors) {
  const Occupied occupied(impl_->occupied);
  const cuda_runtime::Range range("rondo::Session::run");
  const RecurrenceBuffers buffers = impl_->buffers(tensors);
  impl_->prepare_run(tensors, buffers);
  if (tensors.reserve) impl_->tags.write(*tensors.reserve, impl_->tag_of_run(tensors));
  impl_->last_run = buffers;
  impl_->runner->run(buffers, impl_->workspace.data());
}

void Session::reload_weights() {
  const Occupied occupied(impl_->occupied);
  SharedWeights(impl_->weights).reload(impl_->stream);
}

void Session::backward(const SessionTensors& run, const SessionGradients& gradients) {
  const Occupied occupied(impl_->occupied);
  const cuda_runtime::Range range("rondo::Session::backward");
  const GradientBuffers buffers = impl_->gradient_buffers(run, gradients);
  impl_->prepare_run(run, buffers.run);
  if (gradients.reserve_use == ReserveUse::consume) impl_->tags.forget(*run.reserve);
  impl_->backward_runner->run(buffers, impl_->workspace.data());
}

void Session::check_backward(const SessionTensors& run, const SessionGradients& gradients) const {
  (void)impl_->gradient_buffers(run, gradients);
}

SessionStatus Session::finish() {
  const Occupied occupied(impl_->occupied);
  const StreamScope scope(impl_->stream);
  SessionStatus status = impl_->settle();
  if (status.stalled && impl_->runs_fallback) {
    impl_->runner->run(impl_->last_run, impl_->workspace.data());
    status = merged(status, impl_->flags.take());
  }
  return status;
}

bool Session::has_notice_of_a_stall() const { return impl_->flags.has_notice() || impl_->backward_flags.has_notice(); }

SessionStatus Session::settle() {
  const Occupied occupied(impl_->occupied);
  const StreamScope scope(impl_->stream);
  return impl_->settle();
}

}  // namespace rondo
