// Checks the tensors of a run against the plan and hands their addresses to the executor.

#include <atomic>

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
void tell_once(const Planner::Data& data, const std::string& reason) {
  static std::atomic_flag told = ATOMIC_FLAG_INIT;  // not a once_flag, which could block a child of fork()
  if (told.test_and_set()) return;
  log(LogLevel::warning, data.fallback_name + " runs on " + to_string(data.spec.device) + " what was planned for " +
                             std::string(data.executor->name()) + ": " + reason);
}

Stream checked_stream(const Plan& plan, std::optional<Stream> stream) {
  const Device device = plan.spec().device;
  if (stream && stream->device != device) throw ValueError("stream", to_string(stream->device), to_string(device));
  return stream.value_or(Stream{device});
}

}  // namespace

Session::Impl::~Impl() {
  if (notice && notice->given()) {
    log(LogLevel::warning, "a run on " + to_string(stream.device) + " stalled, and nobody asked: its results are NaN");
  }
  if (weights != nullptr) weights->packs->order_release_after(stream);
}

void Session::Impl::prepare(const SharedWeights& its_weights, const std::optional<Tensor>& its_workspace) {
  const StreamScope scope(stream);  // orders allocation and packing before the runs
  weights = its_weights.impl_;
  const Device device = plan.spec().device;
  workspace = its_workspace ? checked_workspace(*its_workspace, plan) : bytes_on(device, plan.workspace_bytes());
  flags = Tensor::zeros({kFlagWords}, DType::i32, device);
  if (plan.spec().packed) packed.emplace(plan.spec());
  if (plan.may_stall()) notice.emplace(flags, stream);
  make_runner();
  const Planner::Data& data = Planner::data(plan);
  if (data.backward != nullptr) backward_runner = data.backward->make_runner(request());
}

// Makes the runner that the plan has decided on or, where the device has no room for it, that of the plan's fallback.
void Session::Impl::make_runner() {
  const Planner::Data& data = Planner::data(plan);
  MadeRunner made = data.decision->make_runner(request());
  if (made.runner != nullptr) return take(std::move(made));
  if (!data.may_be_replaced || data.fallback == nullptr) {
    throw RuntimeError(plan.executor_name() + " has no kernel that " + to_string(data.spec.device) +
                       " has room for: " + made.refusal + "; choose another executor");
  }
  tell_once(data, made.refusal);
  use_fallback();
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
  const SessionStatus status = take_status();
  if (status.stalled && !runs_fallback && Planner::data(plan).fallback != nullptr) use_fallback();
  return status;
}

// The addresses of a backward, which have been checked.
GradientBuffers Session::Impl::gradient_buffers(const SessionTensors& run, const SessionGradients& gradients) const {
  const RecurrenceSpec& spec = plan.spec();
  if (spec.keep == Keep::nothing) throw ValueError("keep", "nothing", "states or gates in the spec, for gradients");
  GradientBuffers checked = rondo::gradient_buffers(spec, kept_of(run), gradients, memory());
  tags.check(*run.reserve, tag_of_run(run));
  return checked;
}

// What a run and its gradients have in common before they are queued.
void Session::Impl::prepare_run(const SessionTensors& tensors, const RecurrenceBuffers& buffers) {
  if (packed) packed->update(plan.spec(), tensors, buffers.flags, stream);
  if (stream.device == cpu()) look_at_lengths(buffers.schedule);
  weights->check_unchanged();
}

// Sets kLengthOutOfRange on the CPU. On a CUDA device a kernel sets it.
void Session::Impl::look_at_lengths(const Schedule& schedule) const {
  for (std::int64_t b = 0; b < schedule.B; ++b) {
    if (!schedule.length_fits(b)) *static_cast<std::uint32_t*>(flags.data()) |= kLengthOutOfRange;
  }
}

// Reads and clears the flags; waits for the device.
SessionStatus Session::Impl::take_status() {
  const Tensor words_of_status = flags.slice(0, 0, kStatusWords);
  const Tensor taken = words_of_status.to(cpu()).clone();
  words_of_status.fill(0);
  if (notice) notice->clear();
  auto* words = static_cast<std::uint32_t*>(taken.data());
  return {.length_out_of_range = (words[0] & kLengthOutOfRange) != 0,
          .packed_out_of_range = (words[0] & kPackedOutOfRange) != 0,
          .stalled = (words[0] & kStalled) != 0,
          .stall = *stall_record(words)};
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
    status = merged(status, impl_->take_status());
  }
  return status;
}

bool Session::has_notice_of_a_stall() const { return impl_->notice && impl_->notice->given(); }

SessionStatus Session::settle() {
  const Occupied occupied(impl_->occupied);
  const StreamScope scope(impl_->stream);
  return impl_->settle();
}

}  // namespace rondo
