// The gradients of gates with any of the six basic activations: the formulas `backward` of
// recurrence/cells/. kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// The derivative where the value is y, as formula::basic_slope has it.
static HWY_NOINLINE Floats slope_at(ActivationKind kind, Floats y) {
  const Floats zero = hn::Zero(FloatTag());
  const auto between = hn::And(hn::Gt(y, zero), hn::Lt(y, all(1.0F)));
  switch (kind) {
    case ActivationKind::tanh: return hn::NegMulAdd(y, y, all(1.0F));
    case ActivationKind::sigmoid: return times_one_minus(y, y);
    case ActivationKind::hard_sigmoid: return hn::IfThenElseZero(between, all(0.2F));
    case ActivationKind::hard_sigmoid_keras3: return hn::IfThenElseZero(between, all(1.0F / 6.0F));
    case ActivationKind::relu: return hn::IfThenElseZero(hn::Gt(y, zero), all(1.0F));
    default: return all(1.0F);
  }
}

// The derivatives of a panel's activations.
struct BasicSlopes {
  ActivationKind state;
  ActivationKind gate;

  explicit HWY_INLINE BasicSlopes(const GradientVector& u)
      : state(u.panel.activations->state.kind), gate(u.panel.activations->gate.kind) {}
  HWY_INLINE Floats through_state(Floats a, Floats y) const { return hn::Mul(a, slope_at(state, y)); }
  HWY_INLINE Floats through_gate(Floats a, Floats y) const { return hn::Mul(a, slope_at(gate, y)); }
};

struct BasicLstmUnprojected {
  static HWY_INLINE void step(const GradientVector& u) {
    const SteppedC after(u);
    u.store(hn::Mul(u.kept(3), activate(BasicSlopes(u).state, after.c)), u.row.unprojected);
  }
};

struct BasicLstmGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const BasicSlopes slopes(u);
    const Floats i = u.kept(0), f = u.kept(1), g = u.kept(2), o = u.kept(3);
    const Floats before = u.of(u.row.c);
    const SteppedC after(u);
    const Floats y = activate(slopes.state, after.c);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_o = slopes.through_gate(hn::Mul(d_h, y), o);
    const Floats d_c =
        d_unclipped(u, after, hn::Add(slopes.through_state(hn::Mul(d_h, o), y), u.whole(u.row.d_c)), d_o);
    const Floats d_i = slopes.through_gate(hn::Mul(d_c, g), i);
    const Floats d_f = slopes.through_gate(hn::Mul(d_c, before), f);
    u.gate(0, d_i);
    u.gate(1, d_f);
    u.gate(2, slopes.through_state(hn::Mul(d_c, i), g));
    u.gate(3, d_o);
    finish_peepholes(u, after, {before, d_i, d_f, d_o, hn::Mul(d_c, f)});
    u.store(hn::Zero(FloatTag()), u.row.d_h);
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
