// Checks the tensors of a run against the plan and hands their addresses to the executor.

#include "cuda/runtime/range.h"
#include "plan/occupied.h"
#include "plan/run_tensors.h"
#include "recurrence/executor.h"
#include "rondo/plan/plan.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// The alignment that cuBLASLt requires of its workspace.
constexpr std::size_t kCudaWorkspaceAlignment = 256;

SequenceBuffer sequence_buffer(const Tensor& tensor, const Requirement& required) {
  check_rows(tensor, required);
  return {tensor.data(), {tensor.stride(0), tensor.stride(1)}};
}

BatchBuffer batch_buffer(const Tensor& tensor, const Requirement& required) {
  check_rows(tensor, required);
  return {tensor.data(), tensor.stride(0)};
}

std::array<BatchBuffer, kMaxStates> state_buffers(const std::vector<Tensor>& states, const std::string& name,
                                                  const RecurrenceSpec& spec) {
  check_states(states, name, spec);
  std::array<BatchBuffer, kMaxStates> buffers;
  for (std::size_t k = 0; k < states.size(); ++k) buffers[k] = {states[k].data(), states[k].stride(0)};
  return buffers;
}

Schedule make_schedule(const RecurrenceSpec& spec, const SessionTensors& tensors) {
  check_mask(tensors.mask, spec.has_mask, spec);
  check_lengths(tensors.lengths, spec.has_lengths, spec);
  Schedule schedule{.T = spec.T, .B = spec.B, .rules = spec.rules};
  if (spec.has_mask) {
    schedule.mask = tensors.mask->data<bool>();
    schedule.mask_strides = {tensors.mask->stride(0), tensors.mask->stride(1)};
  }
  if (spec.has_lengths) {
    schedule.lengths = tensors.lengths->data<std::int32_t>();
    schedule.length_stride = tensors.lengths->stride(0);
  }
  return schedule;
}

WeightBuffers weight_buffers(const CellSpec& cell, const RecurrentWeights& weights) {
  WeightBuffers buffers{.kernel = weights.kernel.data(), .recurrent_kernel = weights.recurrent_kernel.data()};
  if (weights.peepholes) buffers.peepholes = weights.peepholes->data();
  if (weights.projection) buffers.projection = weights.projection->data();
  if (!cell.use_bias) return buffers;
  const bool two_rows = weights.bias->rank() == 2;
  buffers.bias = weights.bias->data();
  if (two_rows) buffers.recurrent_bias = weights.bias->select(0, 1).data();
  return buffers;
}

RecurrentWeights checked_weights(const RecurrenceSpec& spec, const RecurrentWeights& weights) {
  check_weights(spec.cell, weights);
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  check_tensor(weights.kernel, {"weight kernel", {spec.I, columns}, spec.dtype, spec.device});
  const auto check_fits = [&](const char* name, const Tensor& weight) {
    check_tensor(weight, {name, weight.shape(), spec.dtype, spec.device});
  };
  check_fits("weight recurrent_kernel", weights.recurrent_kernel);
  if (weights.bias) check_fits("weight bias", *weights.bias);
  if (weights.peepholes) check_fits("weight peepholes", *weights.peepholes);
  if (weights.projection) check_fits("weight projection", *weights.projection);
  return weights.map([](const Tensor& weight) { return weight.contiguous(); });
}

Tensor checked_workspace(const Tensor& workspace, const Plan& plan) {
  const Device device = plan.spec().device;
  const auto alignment = static_cast<std::uintptr_t>(device == cpu() ? Allocator::kAlignment : kCudaWorkspaceAlignment);
  const std::string expected = std::to_string(plan.workspace_bytes()) + " bytes without gaps on " + to_string(device) +
                               ", aligned to " + std::to_string(alignment);
  const bool fits = workspace.defined() && workspace.device() == device && workspace.is_contiguous() &&
                    static_cast<std::size_t>(workspace.numel()) * size_of(workspace.dtype()) >= plan.workspace_bytes();
  if (!fits) throw ValueError("workspace", describe(workspace), expected);
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.data());
  if (address % alignment != 0) {
    throw ValueError("workspace", "memory aligned to " + std::to_string(address & (~address + 1)), expected);
  }
  return workspace;
}

}  // namespace

struct Session::Impl {
  explicit Impl(Plan its_plan) : plan(std::move(its_plan)) {}

  const Plan plan;
  Stream stream;
  RecurrentWeights weights;
  Tensor workspace;
  Tensor flags;  // (kFlagWords,) i32: RecurrenceBuffers::flags
  std::unique_ptr<Runner> runner;
  RecurrenceBuffers last_run;
  ForkFlag occupied;

  RecurrenceBuffers buffers(const SessionTensors& tensors) const;
  void look_at_lengths(const Schedule& schedule) const;
  SessionStatus take_status() const;
};

RecurrenceBuffers Session::Impl::buffers(const SessionTensors& tensors) const {
  const RecurrenceSpec& spec = plan.spec();
  const std::int64_t features = output_units(spec.cell);
  RecurrenceBuffers buffers;
  buffers.x = sequence_buffer(tensors.x, {"x", {spec.T, spec.B, spec.I}, spec.dtype, spec.device});
  buffers.schedule = make_schedule(spec, tensors);
  buffers.initial_state = state_buffers(tensors.initial_state, "initial_state", spec);
  buffers.final_state = state_buffers(tensors.final_state, "final_state", spec);
  if (tensors.y) buffers.y = sequence_buffer(*tensors.y, {"y", {spec.T, spec.B, features}, spec.dtype, spec.device});
  if (tensors.last_output) {
    buffers.last_output =
        batch_buffer(*tensors.last_output, {"last_output", {spec.B, features}, spec.dtype, spec.device});
  }
  buffers.flags = static_cast<std::uint32_t*>(flags.data());
  return buffers;
}

// Sets kLengthOutOfRange on the CPU. On a CUDA device a kernel sets it.
void Session::Impl::look_at_lengths(const Schedule& schedule) const {
  for (std::int64_t b = 0; b < schedule.B; ++b) {
    if (!schedule.length_fits(b)) *static_cast<std::uint32_t*>(flags.data()) |= kLengthOutOfRange;
  }
}

// Reads and clears the flags; waits for the device.
SessionStatus Session::Impl::take_status() const {
  const Tensor taken = flags.to(cpu()).clone();
  flags.fill(0);
  auto* words = static_cast<std::uint32_t*>(taken.data());
  return {.length_out_of_range = (words[0] & kLengthOutOfRange) != 0,
          .stalled = (words[0] & kStalled) != 0,
          .stall = *stall_record(words)};
}

Session::Session(const Plan& plan, const RecurrentWeights& weights, std::optional<Stream> stream,
                 const std::optional<Tensor>& workspace)
    : impl_(std::make_unique<Impl>(plan)) {
  const RecurrenceSpec& spec = plan.spec();
  impl_->stream = stream.value_or(Stream{spec.device});
  if (impl_->stream.device != spec.device) {
    throw ValueError("stream", to_string(impl_->stream.device), to_string(spec.device));
  }
  const StreamScope scope(impl_->stream);  // orders allocation and packing before the runs
  impl_->weights = checked_weights(spec, weights);
  impl_->workspace =
      workspace ? checked_workspace(*workspace, plan)
                : Tensor::empty({static_cast<std::int64_t>(plan.workspace_bytes())}, DType::boolean, spec.device);
  impl_->flags = Tensor::zeros({kFlagWords}, DType::i32, spec.device);
  impl_->runner = plan.executor().make_runner({.spec = spec,
                                               .weights = weight_buffers(spec.cell, impl_->weights),
                                               .stream = impl_->stream,
                                               .properties = plan.properties(),
                                               .graph_use = plan.graph_use()});
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const Plan& Session::plan() const { return impl_->plan; }

void Session::run(const SessionTensors& tensors) {
  const Occupied occupied(impl_->occupied);
  const cuda_runtime::Range range("rondo::Session::run");
  const RecurrenceBuffers buffers = impl_->buffers(tensors);
  if (impl_->stream.device == cpu()) impl_->look_at_lengths(buffers.schedule);
  impl_->last_run = buffers;
  impl_->runner->run(buffers, impl_->workspace.data());
}

SessionStatus Session::status() {
  const Occupied occupied(impl_->occupied);
  const StreamScope scope(impl_->stream);
  SessionStatus status = impl_->take_status();
  if (status.stalled) {
    impl_->runner->recover(impl_->last_run);
    status.length_out_of_range = impl_->take_status().length_out_of_range || status.length_out_of_range;
  }
  return status;
}

SessionStatus Session::take_status() {
  const StreamScope scope(impl_->stream);
  return impl_->take_status();
}

void Session::recover(const SessionTensors& tensors) {
  const StreamScope scope(impl_->stream);
  impl_->runner->recover(impl_->buffers(tensors));
}

}  // namespace rondo
