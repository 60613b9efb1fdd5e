/// A masked LSTM with everything that a run can have.
#pragma once

#include <string>

#include "rondo/plan/plan.h"
#include "support/random.h"

namespace rondo::test {

struct MaskedLstm {
  static constexpr std::int64_t T = 5;
  static constexpr std::int64_t B = 3;
  static constexpr std::int64_t I = 2;
  static constexpr std::int64_t H = 4;

  RecurrenceSpec spec{
      .cell = {.kind = CellKind::lstm, .units = H}, .T = T, .B = B, .I = I, .has_mask = true, .has_lengths = true};
  RecurrentWeights weights;
  SessionTensors tensors;

  explicit MaskedLstm(DType dtype = DType::f32, Device device = cpu()) {
    Random random(7);
    const auto drawn = [&](const Shape& shape, double scale) { return random.tensor(shape, scale, dtype).to(device); };
    const auto empty = [&](const Shape& shape) { return Tensor::empty(shape, dtype, device); };
    spec.dtype = dtype;
    spec.device = device;
    weights = {drawn({I, 4 * H}, 1.0), drawn({H, 4 * H}, 0.5), drawn({4 * H}, 0.5)};
    tensors = {.x = drawn({T, B, I}, 1.0),
               .mask = Tensor::from<bool>(
                   {true, true, false, true, false, true, true, true, true, true, true, false, false, true, true},
                   {T, B}, device),
               .lengths = Tensor::from<std::int32_t>({5, 3, 4}, {B}, device),
               .initial_state = {drawn({B, H}, 1.0), drawn({B, H}, 1.0)},
               .y = empty({T, B, H}),
               .last_output = empty({B, H}),
               .final_state = {empty({B, H}), empty({B, H})}};
  }

  void run(const std::string& executor = {}) const {
    Session(Plan::create(spec, {.executor = executor}), weights).run(tensors);
  }
};

}  // namespace rondo::test
