#include "simt/stepwise_loop.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "cuda/executors/stepwise_launchers.cuh"
#include "recurrence/dispatch_cell.h"
#include "simt/random_rows.h"

namespace rondo::test {
namespace {

/// sums[column] += sum over k of vector[k] matrix[k, column], for columns first .. last - 1
template <typename Element>
void add_product(const Element* vector, std::int64_t length, const HeapBlock<Element>& matrix, std::int64_t columns,
                 std::int64_t first, std::int64_t last, float* sums) {
  for (std::int64_t k = 0; k < length; ++k) {
    const float factor = static_cast<float>(vector[k]);
    for (std::int64_t column = first; column < last; ++column) {
      sums[column] += factor * static_cast<float>(matrix[k * columns + column]);
    }
  }
}

template <typename Element>
struct Weights {
  HeapBlock<Element> kernel;
  HeapBlock<Element> recurrent_kernel;
  HeapBlock<Element> bias;

  explicit Weights(const RecurrentWeights& weights)
      : kernel(weights.kernel.numel()),
        recurrent_kernel(weights.recurrent_kernel.numel()),
        bias(weights.bias ? weights.bias->numel() : 0) {
    fill(weights.kernel, kernel);
    fill(weights.recurrent_kernel, recurrent_kernel);
    if (weights.bias) fill(*weights.bias, bias);
  }

  static void fill(const Tensor& tensor, const HeapBlock<Element>& block) {
    std::ranges::copy(tensor.to(dtype_of<Element>).template to_vector<Element>(), block.data());
  }
};

template <typename Formula, typename Element>
class StepwiseLoop {
 public:
  StepwiseLoop(const RandomRecurrence& recurrence, Random& random)
      : recurrence_(recurrence),
        spec_(recurrence.spec),
        H_(spec_.cell.units),
        columns_(Formula::kGates * H_),
        order_(random.coin() ? device::LaunchOrder::overlapping : device::LaunchOrder::serial),
        weights_(recurrence.weights),
        mask_(random, recurrence.mask ? recurrence.mask->insert_axis(2) : Tensor::empty({0, 0, 1}, DType::boolean)),
        lengths_(random, recurrence.lengths ? recurrence.lengths->insert_axis(1) : Tensor::empty({0, 1}, DType::i32)),
        input_sums_(spec_.T * spec_.B * columns_),
        recurrent_sums_(spec_.B * columns_),
        h_(spec_.B * H_),
        c_(spec_.B * H_),
        operand_(spec_.B * H_),
        reset_operand_(spec_.B * H_),
        was_live_(spec_.B),
        y_(random, spec_.T, spec_.B, H_),
        last_output_(random, 1, spec_.B, H_),
        final_h_(random, 1, spec_.B, H_),
        final_c_(random, 1, spec_.B, H_),
        wants_y_(random.coin(0.9)) {
    for (const Tensor& state : recurrence.initial_state) initial_.emplace_back(random, state);
    sums_ = {.schedule = schedule(),
             .H = H_,
             .activations = {spec_.cell.activation, spec_.cell.recurrent_activation},
             .input_sums = input_sums_.data(),
             .input_strides = random.coin() ? TimeBatchStrides{spec_.B * columns_, columns_}
                                            : TimeBatchStrides{columns_, spec_.T * columns_},
             .recurrent_sums = recurrent_sums_.data()};
    if (recurrence.weights.bias) {
      sums_.bias = weights_.bias.data();
      if (recurrence.weights.bias->rank() == 2) sums_.recurrent_bias = weights_.bias.data() + columns_;
    }
    states_ = {h_.data(), kHasC ? c_.data() : nullptr, kIsFloat ? nullptr : operand_.data(), was_live_.data()};
  }

  RunResult run() {
    load_states();
    project_inputs();
    for (std::int64_t s = 0; s < spec_.T; ++s) {
      sums_.s = s;
      multiply(states_.operand, 0, Formula::kProductsBeforeReset);
      if constexpr (Formula::kProductsBeforeReset < Formula::kGates) {
        launch_reset_step<Formula>(ResetStep<Element>{sums_, h_.data(), reset_operand_.data()}, {}, order_);
        multiply(reset_operand_.data(), Formula::kProductsBeforeReset, Formula::kGates);
      }
      launch_gate_step<Formula>(GateStep<Element>{sums_, states_, wants_y_ ? y_.data() : nullptr, y_.strides()}, {},
                                order_);
    }
    return store_results();
  }

 private:
  static constexpr bool kHasC = Formula::kStates == 2;
  static constexpr bool kIsFloat = std::is_same_v<Element, float>;

  Schedule schedule() const {
    return {.T = spec_.T,
            .B = spec_.B,
            .read_order = spec_.read_order,
            .write_order = spec_.write_order,
            .dead_output = spec_.dead_output,
            .mask = recurrence_.mask ? mask_.data() : nullptr,
            .mask_strides = mask_.strides(),
            .lengths = recurrence_.lengths ? lengths_.data() : nullptr,
            .length_stride = lengths_.strides().batch};
  }

  void load_states() {
    LoadStates<Element> load{.B = spec_.B, .H = H_, .states = states_};
    if (!initial_.empty()) load.initial_h = {initial_[0].data(), initial_[0].strides().batch};
    if (initial_.size() > 1) load.initial_c = {initial_[1].data(), initial_[1].strides().batch};
    launch_load_states(load, {});
  }

  void project_inputs() {
    const std::vector<Element> x = recurrence_.x.to(dtype_of<Element>).template to_vector<Element>();
    std::ranges::fill(input_sums_.elements(), 0.0F);
    for (std::int64_t t = 0; t < spec_.T; ++t) {
      for (std::int64_t b = 0; b < spec_.B; ++b) {
        add_product(x.data() + (t * spec_.B + b) * spec_.I, spec_.I, weights_.kernel, columns_, 0, columns_,
                    input_sums_.data() + sums_.input_strides.offset(t, b));
      }
    }
  }

  /// recurrent_sums = rows U, for the columns of gates first .. last - 1. Without rows, those of h.
  void multiply(const Element* rows, int first, int last) {
    if constexpr (kIsFloat) rows = rows == nullptr ? h_.data() : rows;
    for (std::int64_t b = 0; b < spec_.B; ++b) {
      float* sums = recurrent_sums_.data() + b * columns_;
      std::fill(sums + first * H_, sums + last * H_, 0.0F);
      add_product(rows + b * H_, H_, weights_.recurrent_kernel, columns_, first * H_, last * H_, sums);
    }
  }

  RunResult store_results() {
    const auto rows = [](RandomRows<Element>& result) {
      return BatchRows<Element>{result.data(), result.strides().batch};
    };
    launch_store_results(StoreResults<Element>{.schedule = sums_.schedule,
                                               .H = H_,
                                               .states = states_,
                                               .last_output = rows(last_output_),
                                               .final_h = rows(final_h_),
                                               .final_c = kHasC ? rows(final_c_) : BatchRows<Element>{}},
                         {}, order_);
    RunResult result{wants_y_ ? y_.take() : Tensor(), last_output_.take().select(0, 0), {final_h_.take().select(0, 0)}};
    if (kHasC) result.final_state.push_back(final_c_.take().select(0, 0));
    return result;
  }

  const RandomRecurrence& recurrence_;
  const RecurrenceSpec& spec_;
  const std::int64_t H_;
  const std::int64_t columns_;
  const device::LaunchOrder order_;
  const Weights<Element> weights_;
  const RandomRows<bool> mask_;
  const RandomRows<std::int32_t> lengths_;
  std::deque<RandomRows<Element>> initial_;
  const HeapBlock<float> input_sums_;
  const HeapBlock<float> recurrent_sums_;
  const HeapBlock<float> h_;
  const HeapBlock<float> c_;
  const HeapBlock<Element> operand_;
  const HeapBlock<Element> reset_operand_;
  const HeapBlock<bool> was_live_;
  RandomRows<Element> y_;
  RandomRows<Element> last_output_;
  RandomRows<Element> final_h_;
  RandomRows<Element> final_c_;
  const bool wants_y_;
  StepSums<Element> sums_;
  StepStates<Element> states_;
};

}  // namespace

RunResult run_stepwise(const RandomRecurrence& recurrence, DType dtype, std::uint64_t layout_seed) {
  return dispatch_cell(recurrence.spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
    Random random(layout_seed);
    switch (dtype) {
      case DType::f16: return StepwiseLoop<Formula, Float16>(recurrence, random).run();
      case DType::bf16: return StepwiseLoop<Formula, BFloat16>(recurrence, random).run();
      default: return StepwiseLoop<Formula, float>(recurrence, random).run();
    }
  });
}

}  // namespace rondo::test
