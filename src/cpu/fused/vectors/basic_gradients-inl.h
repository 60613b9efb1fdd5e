// The gradients of gates with any of the six basic activations, and of a minimal gated unit: the formulas `backward` of
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

// The kinds of a panel's activations.
struct Kinds {
  ActivationKind state;
  ActivationKind gate;

  explicit HWY_INLINE Kinds(const GradientVector& u)
      : state(u.panel.activations->state.kind), gate(u.panel.activations->gate.kind) {}
  HWY_INLINE Floats through_state(Floats a, Floats y) const { return hn::Mul(a, slope_at(state, y)); }
  HWY_INLINE Floats through_gate(Floats a, Floats y) const { return hn::Mul(a, slope_at(gate, y)); }
};

struct BasicSimpleRnnGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    u.gate(0, Kinds(u).through_state(u.whole(u.row.d_h), u.kept(0)));
    u.store(hn::Zero(FloatTag()), u.row.d_h);
  }
};

struct BasicLstmUnprojected {
  static HWY_INLINE void step(const GradientVector& u) {
    const SteppedC after(u);
    u.store(hn::Mul(u.kept(3), activate(Kinds(u).state, after.c)), u.row.unprojected);
  }
};

struct BasicLstmGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Kinds kinds(u);
    const Floats i = u.kept(0), f = u.kept(1), g = u.kept(2), o = u.kept(3);
    const Floats before = u.of(u.row.c);
    const SteppedC after(u);
    const Floats y = activate(kinds.state, after.c);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_o = kinds.through_gate(hn::Mul(d_h, y), o);
    const Floats d_c = d_unclipped(u, after, hn::Add(kinds.through_state(hn::Mul(d_h, o), y), u.whole(u.row.d_c)), d_o);
    const Floats d_i = kinds.through_gate(hn::Mul(d_c, g), i);
    const Floats d_f = kinds.through_gate(hn::Mul(d_c, before), f);
    u.gate(0, d_i);
    u.gate(1, d_f);
    u.gate(2, kinds.through_state(hn::Mul(d_c, i), g));
    u.gate(3, d_o);
    finish_peepholes(u, after, {before, d_i, d_f, d_o, hn::Mul(d_c, f)});
    u.store(hn::Zero(FloatTag()), u.row.d_h);
  }
};

struct BasicGruResetAfterGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Kinds kinds(u);
    const Floats z = u.kept(0), r = u.kept(1), n = u.kept(2), q = u.kept(3);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_n = kinds.through_state(times_one_minus(d_h, z), n);
    const Floats d_z = kinds.through_gate(hn::Mul(d_h, hn::Sub(u.of(u.row.h), n)), z);
    const Floats d_r = kinds.through_gate(hn::Mul(d_n, q), r);
    u.gate(0, d_z);
    u.gate(1, d_r);
    u.gate(2, d_n);
    u.recurrent(0, d_z);
    u.recurrent(1, d_r);
    u.recurrent(2, hn::Mul(r, d_n));
    u.store(hn::Mul(z, d_h), u.row.d_h);
  }
};

struct BasicGruCandidateGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    u.gate(2, Kinds(u).through_state(times_one_minus(u.whole(u.row.d_h), u.kept(0)), u.kept(2)));
  }
};

struct BasicGruResetGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Kinds kinds(u);
    const Floats z = u.kept(0), r = u.kept(1), n = u.kept(2);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats h = u.of(u.row.h);
    const Floats d_reset_h = u.whole(u.row.d_reset_h);
    u.gate(0, kinds.through_gate(hn::Mul(d_h, hn::Sub(h, n)), z));
    u.gate(1, kinds.through_gate(hn::Mul(d_reset_h, h), r));
    u.store(hn::Mul(r, h), u.row.reset_h);
    u.store(hn::MulAdd(z, d_h, hn::Mul(r, d_reset_h)), u.row.d_h);
  }
};

// f is the gate, n the candidate, q = h U_n + rb_n
HWY_INLINE void store_mgu(const GradientVector& u, Floats d_n, Floats d_f) {
  const Floats f = u.kept(0);
  u.gate(0, d_f);
  u.gate(1, d_n);
  u.recurrent(0, d_f);
  u.recurrent(1, hn::Mul(f, d_n));
  u.store(hn::Mul(f, u.whole(u.row.d_h)), u.row.d_h);
}

struct MguGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Floats f = u.kept(0), n = u.kept(1), q = u.kept(2);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_n = through_tanh(times_one_minus(d_h, f), n);
    store_mgu(u, d_n, through_sigmoid(hn::MulAdd(d_n, q, hn::Mul(d_h, hn::Sub(u.of(u.row.h), n))), f));
  }
};

struct BasicMguGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Kinds kinds(u);
    const Floats f = u.kept(0), n = u.kept(1), q = u.kept(2);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_n = kinds.through_state(times_one_minus(d_h, f), n);
    store_mgu(u, d_n, kinds.through_gate(hn::MulAdd(d_n, q, hn::Mul(d_h, hn::Sub(u.of(u.row.h), n))), f));
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
