// Instantiates the schedule, the activations and the formula of every cell in a kernel, and on the host beside it.
#include "recurrence/cells/gru.h"
#include "recurrence/cells/lstm.h"
#include "recurrence/cells/mgu.h"
#include "recurrence/cells/simple_rnn.h"
#include "recurrence/schedule.h"
#include "rondo/vocabulary/float16.h"
#include "vocabulary/activations/activate.h"

namespace rondo {
namespace {

/// One step of one unit of row b: reads at the schedule's time step and, where the row is live, stores the new states.
template <typename Formula, typename Real>
RONDO_HOST_DEVICE void step_unit(const Schedule& schedule, std::int64_t s, std::int64_t b, Activations activations,
                                 const Real* input, const Real* recurrent, UnitStates<Real>* states) {
  const std::int64_t t = schedule.read_time(s, b);
  const std::int64_t out = schedule.write_time(s, b);
  if (!schedule.live(s, b)) return;
  if constexpr (kIsLstmVariant<Formula>) {
    const LstmVariantUnit<Real> unit{.has_peepholes = true, .w_i = input[0], .w_f = input[1], .w_o = input[2]};
    states[out] = Formula::template step<Real>(input + t * Formula::kGates, recurrent, states[out], activations, unit);
  } else {
    states[out] = Formula::template step<Real>(input + t * Formula::kGates, recurrent, states[out], activations);
  }
  if constexpr (kPhases<Formula> == 2) {
    states[out].h = Formula::template reset<Real>(input, recurrent, states[out].h, activations);
  }
}

template <typename Formula, typename Real>
__global__ void step_unit_kernel(Schedule schedule, std::int64_t s, Activations activations, const Real* input,
                                 const Real* recurrent, UnitStates<Real>* states) {
  step_unit<Formula>(schedule, s, threadIdx.x, activations, input, recurrent, states);
}

template <typename Formula, typename Real>
void step_unit_on_both(const Schedule& schedule, Activations activations, const Real* values,
                       UnitStates<Real>* states) {
  step_unit<Formula>(schedule, 0, 0, activations, values, values, states);
  step_unit_kernel<Formula, Real><<<1, 32>>>(schedule, 0, activations, values, values, states);
}

template <typename Real>
void all_formulas(const Schedule& schedule, Activations activations, const Real* values, UnitStates<Real>* states) {
  step_unit_on_both<SimpleRnnFormula>(schedule, activations, values, states);
  step_unit_on_both<LstmFormula>(schedule, activations, values, states);
  step_unit_on_both<LstmVariantFormula>(schedule, activations, values, states);
  step_unit_on_both<GruResetAfterFormula>(schedule, activations, values, states);
  step_unit_on_both<GruResetBeforeFormula>(schedule, activations, values, states);
  step_unit_on_both<MguFormula>(schedule, activations, values, states);
}

}  // namespace

void all_formulas_f32(const Schedule& schedule, Activations activations, const float* x, UnitStates<float>* states) {
  all_formulas(schedule, activations, x, states);
}

void all_formulas_f64(const Schedule& schedule, Activations activations, const double* x, UnitStates<double>* states) {
  all_formulas(schedule, activations, x, states);
}

}  // namespace rondo
