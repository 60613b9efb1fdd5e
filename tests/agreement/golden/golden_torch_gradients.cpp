// Golden cases of PyTorch's gradients: a run of a network and its backward, with every pair of executors, and where one
// layer reads one way, of a session too. PackedSequences are run packed and as padded sequences with lengths.

#include <algorithm>

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "agreement/golden/golden_torch.h"
#include "rondo/formats/pytorch_weights.h"
#include "support/compare.h"
#include "support/executors.h"

namespace rondo::golden {
namespace {

/// The tensors of a run and its gradients.
class TorchRun {
 public:
  TorchRun(const GoldenCase& golden, const LoadedNetwork& network, Form form)
      : golden_(golden),
        form_(form),
        final_(StackedStates(golden, "expected/").unwritten_like_these()),
        of_initial_(StackedStates(golden, "gradient/initial/").unwritten_like_these()) {
    tensors_.x = sequence_of(golden, "x", form);
    tensors_.y = unwritten(sequence_of(golden, "expected/output", form));
    gradients_.x = unwritten(tensors_.x);
    if (golden.optional_tensor("upstream/output")) gradients_.y = sequence_of(golden, "upstream/output", form);
    if (form == Form::padded) tensors_.lengths = golden.optional_tensor("lengths");
    if (form == Form::packed) {
      tensors_.batch_sizes = golden.tensor("batch_sizes");
      tensors_.row_indices = golden.optional_tensor("row_indices");
    }
    std::int64_t row = 0;
    for (const NetworkWeights& weights : network.weights) {
      LayerTensors& tensors = tensors_.layers.emplace_back();
      NetworkLayerGradients& gradients = gradients_.layers.emplace_back();
      add_direction(row++, weights.forward, tensors.forward, gradients.forward);
      if (weights.backward) add_direction(row++, *weights.backward, tensors.backward, gradients.backward);
    }
  }

  void run(const NetworkPlan& plan, const std::vector<NetworkWeights>& weights) {
    tensors_.reserve = reserve_for(plan);
    NetworkSession session(plan, weights);
    session.run(tensors_);
    session.backward(tensors_, gradients_);
  }

  /// As above, of a network that has one recurrence.
  void run(const Plan& plan, const RecurrentWeights& weights) {
    const DirectionTensors& states = tensors_.layers.front().forward;
    const DirectionGradients& of_states = gradients_.layers.front().forward;
    const SessionTensors tensors{.x = tensors_.x,
                                 .lengths = tensors_.lengths,
                                 .initial_state = states.initial_state,
                                 .y = tensors_.y,
                                 .final_state = states.final_state,
                                 .batch_sizes = tensors_.batch_sizes,
                                 .row_indices = tensors_.row_indices,
                                 .reserve = reserve_for(plan)};
    Session session(plan, weights);
    session.run(tensors);
    session.backward(tensors, {.y = gradients_.y,
                               .final_state = of_states.final_state,
                               .x = gradients_.x,
                               .initial_state = of_states.initial_state,
                               .weights = of_states.weights});
  }

  std::string differences() const {
    std::string text = of_sequence("expected/output", *tensors_.y) + of_sequence("gradient/x", *gradients_.x) +
                       final_.differences(golden_, "expected/") + of_initial_.differences(golden_, "gradient/initial/");
    for (std::size_t k = 0; k < gradients_.layers.size(); ++k) {
      PytorchLayer place{.kind = kind_of_module(golden_), .prefix = "gradient/module.", .layer = static_cast<int>(k)};
      text += of_weights(gradients_.layers[k].forward.weights, place);
      place.reverse = true;
      if (gradients_.layers[k].backward.weights.kernel)
        text += of_weights(gradients_.layers[k].backward.weights, place);
    }
    return text;
  }

 private:
  void add_direction(std::int64_t row, const RecurrentWeights& weights, DirectionTensors& tensors,
                     DirectionGradients& gradients) const {
    tensors.initial_state = StackedStates(golden_, "initial/").row(row);
    tensors.final_state = final_.row(row);
    gradients.final_state = StackedStates(golden_, "upstream/").row(row);
    gradients.initial_state = of_initial_.row(row);
    const RecurrentWeights wanted = weights.map(unwritten);
    gradients.weights = {.kernel = wanted.kernel,
                         .recurrent_kernel = wanted.recurrent_kernel,
                         .bias = wanted.bias,
                         .projection = wanted.projection};
  }

  template <typename AnyPlan>
  Tensor reserve_for(const AnyPlan& plan) const {
    const auto rows = form_ == Form::packed ? std::optional(tensors_.x.size(0)) : std::nullopt;
    return Tensor::full({static_cast<std::int64_t>(plan.reserve_bytes(rows))}, 255, DType::u8, golden_.device());
  }

  std::string of_sequence(const std::string& name, const Tensor& actual) const {
    const std::string text = test::first_difference(actual, sequence_of(golden_, name, form_), golden_.tolerance());
    return text.empty() ? text : name + " " + text + "\n";
  }

  std::string of_weights(const WeightGradients& gradients, const PytorchLayer& place) const {
    const RecurrentWeights weights{.kernel = *gradients.kernel,
                                   .recurrent_kernel = *gradients.recurrent_kernel,
                                   .bias = gradients.bias,
                                   .projection = gradients.projection};
    const auto to_cpu = [](const Tensor& tensor) { return tensor.to(cpu()); };
    std::string text;
    Tensor bias_ih;
    for (const NamedTensor& parameter : pytorch_parameters(weights.map(to_cpu), place)) {
      const bool is_bias_hh = parameter.name.find("bias_hh") != std::string::npos;
      if (parameter.name.find("bias_ih") != std::string::npos) bias_ih = parameter.tensor;
      // Where Keras has the sum of PyTorch's biases, its gradient is that of both.
      const bool is_sum = is_bias_hh && place.kind != CellKind::gru;
      text += difference(golden_, parameter.name, is_sum ? bias_ih : parameter.tensor);
    }
    return text;
  }

  const GoldenCase& golden_;
  Form form_;
  StackedStates final_;
  StackedStates of_initial_;
  NetworkTensors tensors_;
  NetworkGradients gradients_;
};

bool accepts(const NetworkSpec& spec, const PlanOptions& options) {
  const auto runs = [&](const RecurrenceSpec& recurrence) {
    return test::accepts(options.executor, recurrence, options);
  };
  return std::ranges::all_of(spec.layers, [&](const NetworkLayer& layer) {
    return runs(layer.forward) && (!layer.backward || runs(*layer.backward));
  });
}

/// A case in one form.
struct FormedCase {
  const GoldenCase& golden;
  Form form;
  LoadedNetwork network;
  NetworkSpec spec;
};

std::string check_as_network(const FormedCase& formed, const PlanOptions& options) {
  TorchRun run(formed.golden, formed.network, formed.form);
  const NetworkOptions of_network{.executor = options.executor, .backward_executor = options.backward_executor};
  run.run(NetworkPlan::create(formed.spec, of_network), formed.network.weights);
  return run.differences();
}

std::string check_as_session(const FormedCase& formed, const PlanOptions& options) {
  const NetworkLayer& layer = formed.spec.layers.front();
  if (formed.spec.layers.size() > 1 || layer.backward) return {};
  TorchRun run(formed.golden, formed.network, formed.form);
  run.run(Plan::create(layer.forward, options), formed.network.weights.front().forward);
  return run.differences();
}

std::string check_on_executors(const GoldenCase& golden, Form form, Keep keep) {
  std::string text;
  const LoadedNetwork network = network_of(golden);
  const FormedCase formed{golden, form, network, spec_of(golden, network, form, keep)};
  for (const std::string& forward : executor_names(golden.device())) {
    for (const std::string& backward : executor_names(golden.device())) {
      const PlanOptions options{.executor = forward, .backward_executor = backward};
      if (!is_asked(forward) || !is_asked(backward) || !accepts(formed.spec, options)) continue;
      const std::string found = check_as_network(formed, options) + check_as_session(formed, options);
      const std::string way = std::string(form == Form::packed ? "packed" : "padded") + ", keeping " + to_string(keep);
      if (!found.empty()) text += way + ", forward on " + forward + ", backward on " + backward + ": " + found;
      count_case(backward);
    }
  }
  return text;
}

}  // namespace

std::string check_torch_gradients(const GoldenCase& golden) {
  std::string text;
  for (const Keep keep : {Keep::gates, Keep::states}) {
    text += check_on_executors(golden, Form::padded, keep);
    if (is_packed(golden)) text += check_on_executors(golden, Form::packed, keep);
  }
  return text;
}

}  // namespace rondo::golden
