#include "layers/loop/step_graphs.h"

#include "tensor/allocator_scope.h"

namespace rondo {
namespace {

/// Calls `function` with every tensor of `arguments`, always in the same order.
template <typename Arguments, typename Function>
void for_each_leaf(const Arguments& arguments, Function&& function) {
  const auto visit = [&](const Nest& nest) {
    for (const Tensor& leaf : nest.flatten()) function(leaf);
  };
  visit(arguments.inputs);
  for (const Nest& state : arguments.states) visit(state);
  for (const Nest& constant : arguments.constants) visit(constant);
  for (const Tensor* by_time : {&arguments.live, &arguments.resets}) {
    if (by_time->defined()) function(*by_time);
  }
  for (const Nest& state : arguments.reset_state) visit(state);
}

std::string signature(const LoopArguments& arguments) {
  std::string text = arguments.inputs.structure();
  for (const Nest& state : arguments.states) text += ", state " + state.structure();
  for (const Nest& constant : arguments.constants) text += ", constant " + constant.structure();
  for_each_leaf(arguments, [&](const Tensor& leaf) { text += "; " + describe(leaf); });
  return text + (arguments.live.defined() ? ", masked" : "") + (arguments.resets.defined() ? ", resets" : "");
}

Nest clone(const Nest& nest) {
  return nest.map([](const Tensor& leaf) { return leaf.clone(); });
}

std::vector<Nest> clone(const std::vector<Nest>& nests) {
  std::vector<Nest> copies;
  copies.reserve(nests.size());
  for (const Nest& nest : nests) copies.push_back(clone(nest));
  return copies;
}

Tensor clone_defined(const Tensor& tensor) { return tensor.defined() ? tensor.clone() : Tensor(); }

LoopArguments clone(const LoopArguments& arguments) {
  return {clone(arguments.inputs),       clone(arguments.states),         clone(arguments.constants),
          clone_defined(arguments.live), clone_defined(arguments.resets), clone(arguments.reset_state)};
}

RnnResult clone(const RnnResult& result) {
  return {clone(result.last_output), clone(result.outputs), clone(result.new_states)};
}

}  // namespace

StepGraphs::Impl::Recorded::Recorded(const LoopArguments& like, const Loop& loop, Device device)
    : home(current_stream(device)), memory(std::make_shared<RecordingAllocator>(default_allocator(device), home)) {
  const AllocatorScope allocator(memory);
  arguments = clone(like);
  const cuda_runtime::OwnedStream recording(device);  // a default stream cannot be recorded
  graph = cuda_runtime::Graph::record(recording.get(), [&] {
    const StreamScope stream(recording.get());
    result = loop(arguments);
  });
}

void StepGraphs::Impl::Recorded::set(const LoopArguments& given) const {
  std::vector<Tensor> targets;
  for_each_leaf(arguments, [&](const Tensor& leaf) { targets.push_back(leaf); });
  std::size_t next = 0;
  for_each_leaf(given, [&](const Tensor& leaf) { targets[next++].copy_from(leaf); });
}

RnnResult StepGraphs::Impl::run(const LoopArguments& arguments, const std::string& options, const Loop& loop) {
  const std::lock_guard lock(mutex_);
  const Device device = arguments.inputs.flatten()[0].device();
  std::unique_ptr<Recorded>& recorded = recorded_[options + "; " + signature(arguments)];
  if (recorded == nullptr) recorded = std::make_unique<Recorded>(arguments, loop, device);
  const Stream stream = current_stream(device);
  make_wait(stream, recorded->home);
  recorded->set(arguments);
  recorded->graph.replay(stream);
  RnnResult result = clone(recorded->result);
  make_wait(recorded->home, stream);
  return result;
}

StepGraphs::StepGraphs() : impl_(std::make_unique<Impl>()) {}
StepGraphs::~StepGraphs() = default;

}  // namespace rondo
