// The gates of a panel, for one instruction set and the usual activations: the formulas of recurrence/cells/, with as
// few reciprocals as they can be had for. No include guard: included once for each.

namespace rondo::fused::HWY_NAMESPACE {

// A vector of units of one row.
struct UnitVector {
  const float* sums;            // of gate 0; the next gate is a vector further
  const float* input;           // alike
  const float* recurrent_bias;  // alike
  const RowStates& row;
  std::int64_t unit;

  HWY_INLINE Floats at(const float* gates, int gate) const {
    return hn::LoadU(FloatTag(), gates + static_cast<std::size_t>(gate) * hn::Lanes(FloatTag()));
  }
  HWY_INLINE Floats sum(int gate) const { return hn::Add(at(input, gate), at(sums, gate)); }
  HWY_INLINE Floats of(const float* states) const { return hn::LoadU(FloatTag(), states + unit); }
  HWY_INLINE void store(Floats value, float* states) const { hn::StoreU(value, FloatTag(), states + unit); }
};

// Calls gates.step for every vector of units of every row.
template <typename Gates>
HWY_INLINE void for_each_vector(const PanelGates& panel) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  constexpr std::int64_t kVectors = Gates::kUnitVectors * Gates::kGates;
  for (std::int64_t r = 0; r < panel.row_count; ++r) {
    for (std::int64_t v = 0; v < Gates::kUnitVectors; ++v) {
      const std::int64_t offset = v * Gates::kGates * lanes;
      Gates::step(UnitVector{panel.sums + r * kVectors * lanes + offset,
                             panel.rows[r].input + panel.input_offset + offset,
                             panel.recurrent_bias == nullptr ? nullptr : panel.recurrent_bias + offset, panel.rows[r],
                             panel.first_unit + v * lanes});
    }
  }
}

// h' = tanh(a)
struct SimpleRnnGates {
  static constexpr int kGates = 1;
  static constexpr int kUnitVectors = 4;
  static HWY_INLINE void step(const UnitVector& u) { u.store(tanh(u.sum(0)), u.row.next_h); }
};

// c' = sigmoid(f) c + sigmoid(i) tanh(g),  h' = sigmoid(o) tanh(c')
struct LstmGates {
  static constexpr int kGates = 4;
  static constexpr int kUnitVectors = 1;
  static HWY_INLINE void step(const UnitVector& u) {
    const Floats forget = sigmoid(u.sum(1));
    const Floats c = hn::MulAdd(forget, u.of(u.row.c), sigmoid_times_tanh(u.sum(0), u.sum(2)));
    u.store(c, u.row.c);
    u.store(sigmoid_times_tanh(u.sum(3), c), u.row.next_h);
  }
};

// h' = z h + (1 - z) tanh(a) = (h + e^-z tanh(a)) / (1 + e^-z)
HWY_INLINE Floats blend(Floats z, Floats h, Floats a) {
  const Floats e = exp_minus(z, 87.3F);
  return hn::Mul(hn::MulAdd(e, tanh(a), h), reciprocal(hn::Add(all(1.0F), e)));
}

// a = x W_h + b_h + r (h U_h + rb_h)
struct GruResetAfterGates {
  static constexpr int kGates = 3;
  static constexpr int kUnitVectors = 1;
  static HWY_INLINE void step(const UnitVector& u) {
    const Floats z = hn::Add(u.sum(0), u.at(u.recurrent_bias, 0));
    const Floats r = sigmoid(hn::Add(u.sum(1), u.at(u.recurrent_bias, 1)));
    const Floats recurrent = hn::Add(u.at(u.sums, 2), u.at(u.recurrent_bias, 2));
    const Floats a = hn::MulAdd(r, recurrent, u.at(u.input, 2));
    u.store(blend(z, u.of(u.row.h), a), u.row.next_h);
  }
};

// z and r h, of gates z r
struct GruResetGates {
  static constexpr int kGates = 2;
  static constexpr int kUnitVectors = 2;
  static HWY_INLINE void step(const UnitVector& u) {
    u.store(u.sum(0), u.row.c);
    u.store(hn::Mul(sigmoid(u.sum(1)), u.of(u.row.h)), u.row.reset_h);
  }
};

// a = x W_h + b_h + (r h) U_h
struct GruCandidateGates {
  static constexpr int kGates = 1;
  static constexpr int kUnitVectors = 4;
  static HWY_INLINE void step(const UnitVector& u) {
    u.store(blend(u.of(u.row.c), u.of(u.row.h), u.sum(0)), u.row.next_h);
  }
};

template <typename Gates>
void panel_gates(const PanelGates& panel) {
  for_each_vector<Gates>(panel);
}

inline GateKernels gate_kernels() {
  return {.simple_rnn = panel_gates<SimpleRnnGates>,
          .lstm = panel_gates<LstmGates>,
          .gru_reset_after = panel_gates<GruResetAfterGates>,
          .gru_reset = panel_gates<GruResetGates>,
          .gru_candidate = panel_gates<GruCandidateGates>};
}

}  // namespace rondo::fused::HWY_NAMESPACE
