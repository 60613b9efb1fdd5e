// Gates with any of the six basic activations, whose kinds are known when the program runs. kernels.cpp includes this
// once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

HWY_INLINE Floats within_zero_and_one(Floats x) { return at_most(1.0F, at_least(0.0F, x)); }

// The value at x, as formula::basic_value has it. Not inlined: each gate of each cell would have all six.
static HWY_NOINLINE Floats activate(ActivationKind kind, Floats x) {
  switch (kind) {
    case ActivationKind::tanh: return tanh(x);
    case ActivationKind::sigmoid: return sigmoid(x);
    case ActivationKind::hard_sigmoid: return within_zero_and_one(hn::MulAdd(all(0.2F), x, all(0.5F)));
    case ActivationKind::hard_sigmoid_keras3: return within_zero_and_one(hn::Add(hn::Div(x, all(6.0F)), all(0.5F)));
    case ActivationKind::relu: return hn::IfThenZeroElse(hn::Lt(x, all(0.0F)), x);
    default: return x;
  }
}

// z h + (1 - z) n, in this form also where n is infinite
HWY_INLINE Floats blend_of(Floats z, Floats h, Floats n) { return hn::MulAdd(z, h, hn::Mul(hn::Sub(all(1.0F), z), n)); }

// Steps each row by itself, with the kinds of its activations.
template <typename Self>
struct RowByRow {
  template <int kRows>
  static HWY_INLINE void step(const PanelRows<kRows>& u) {
    for_rows<kRows>([&](int i) HWY_ATTR {
      Self::step_row(u[i], u[i].panel.activations->state.kind, u[i].panel.activations->gate.kind);
    });
  }
};

template <bool kKeeps>
struct BasicSimpleRnn : RowByRow<BasicSimpleRnn<kKeeps>> {
  static constexpr int kGates = 1;
  static constexpr int kUnitVectors = 4;
  static HWY_INLINE void step_row(const PanelVector& u, ActivationKind state, ActivationKind) {
    const Floats h = activate(state, u.sum(0));
    if constexpr (kKeeps) u.keep(0, h);
    u.store(h, u.row.next_h);
  }
};

// The plain LSTM, and its variants where the cell has any.
template <bool kKeeps>
struct BasicLstm : RowByRow<BasicLstm<kKeeps>> {
  static constexpr int kGates = 4;
  static constexpr int kUnitVectors = 1;
  static HWY_INLINE void step_row(const PanelVector& u, ActivationKind state, ActivationKind gate) {
    const Floats before = u.of(u.row.c);
    const Floats i = activate(gate, with_peephole(u, 0, before, u.sum(0)));
    const Floats f = activate(gate, with_peephole(u, 1, before, u.sum(1)));
    const Floats g = activate(state, u.sum(2));
    const Floats c = clamp(hn::MulAdd(f, before, hn::Mul(i, g)), u.panel.variant->cell_clip);
    const Floats o = activate(gate, with_peephole(u, 2, c, u.sum(3)));
    if constexpr (kKeeps) {
      u.keep(0, i);
      u.keep(1, f);
      u.keep(2, g);
      u.keep(3, o);
    }
    u.store(c, u.row.c);
    u.store(hn::Mul(o, activate(state, c)), u.row.next_h);
  }
};

template <bool kKeeps>
struct BasicGruResetAfter : RowByRow<BasicGruResetAfter<kKeeps>> {
  static constexpr int kGates = 3;
  static constexpr int kUnitVectors = 1;
  static HWY_INLINE void step_row(const PanelVector& u, ActivationKind state, ActivationKind gate) {
    const Floats z = activate(gate, hn::Add(u.sum(0), u.at(u.recurrent_bias, 0)));
    const Floats r = activate(gate, hn::Add(u.sum(1), u.at(u.recurrent_bias, 1)));
    const Floats recurrent = hn::Add(u.at(u.sums, 2), u.at(u.recurrent_bias, 2));
    const Floats n = activate(state, hn::MulAdd(r, recurrent, u.at(u.input, 2)));
    if constexpr (kKeeps) {
      u.keep(0, z);
      u.keep(1, r);
      u.keep(2, n);
      u.keep(3, recurrent);
    }
    u.store(blend_of(z, u.of(u.row.h), n), u.row.next_h);
  }
};

template <bool kKeeps>
struct BasicGruReset : RowByRow<BasicGruReset<kKeeps>> {
  static constexpr int kGates = 2;
  static constexpr int kUnitVectors = 2;
  static HWY_INLINE void step_row(const PanelVector& u, ActivationKind, ActivationKind gate) {
    const Floats r = activate(gate, u.sum(1));
    if constexpr (kKeeps) u.keep(1, r);
    u.store(u.sum(0), u.row.c);
    u.store(hn::Mul(r, u.of(u.row.h)), u.row.reset_h);
  }
};

template <bool kKeeps>
struct BasicGruCandidate : RowByRow<BasicGruCandidate<kKeeps>> {
  static constexpr int kGates = 1;
  static constexpr int kUnitVectors = 4;
  static HWY_INLINE void step_row(const PanelVector& u, ActivationKind state, ActivationKind gate) {
    const Floats z = activate(gate, u.of(u.row.c));
    const Floats n = activate(state, u.sum(0));
    if constexpr (kKeeps) {
      u.keep(0, z);
      u.keep(2, n);
    }
    u.store(blend_of(z, u.of(u.row.h), n), u.row.next_h);
  }
};

template <bool kKeeps>
struct BasicMgu : RowByRow<BasicMgu<kKeeps>> {
  static constexpr int kGates = 2;
  static constexpr int kUnitVectors = 2;
  static HWY_INLINE void step_row(const PanelVector& u, ActivationKind state, ActivationKind gate) {
    const Floats f = activate(gate, hn::Add(u.sum(0), u.at(u.recurrent_bias, 0)));
    const Floats recurrent = hn::Add(u.at(u.sums, 1), u.at(u.recurrent_bias, 1));
    const Floats n = activate(state, hn::MulAdd(f, recurrent, u.at(u.input, 1)));
    if constexpr (kKeeps) {
      u.keep(0, f);
      u.keep(1, n);
      u.keep(2, recurrent);
    }
    u.store(blend_of(f, u.of(u.row.h), n), u.row.next_h);
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
