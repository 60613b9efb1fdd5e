// The gradients of an LSTM's variants, for one instruction set: the formulas of LstmVariantFormula. kernels.cpp
// includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// The c of a step, before and after its clip.
struct SteppedC {
  Floats unclipped;
  Floats c;

  explicit HWY_INLINE SteppedC(const GradientVector& u)
      : unclipped(hn::MulAdd(u.kept(1), u.of(u.row.c), hn::Mul(u.kept(0), u.kept(2)))),
        c(clamp(unclipped, u.panel.variant->cell_clip)) {}
};

HWY_INLINE Floats peephole(const GradientVector& u, int which) {
  return u.of(u.panel.variant->peepholes + which * u.panel.variant->stride);
}

// The gradient of c before its clip: that of c' and what the peephole of o adds, or zero outside of the clip.
HWY_INLINE Floats d_unclipped(const GradientVector& u, const SteppedC& after, Floats d_c, Floats d_o) {
  if (u.panel.variant->peepholes != nullptr) d_c = hn::MulAdd(peephole(u, 2), d_o, d_c);
  const auto within = hn::Le(hn::Abs(after.unclipped), all(u.panel.variant->cell_clip));
  return hn::Mul(d_c, hn::IfThenElseZero(within, all(1.0F)));
}

// The c before a step, the gradients of the gates that have peepholes, and of that c without what these add.
struct PeepholeGradients {
  Floats before;
  Floats d_i;
  Floats d_f;
  Floats d_o;
  Floats d_before;
};

HWY_INLINE void finish_peepholes(const GradientVector& u, const SteppedC& after, const PeepholeGradients& of) {
  Floats d_before = of.d_before;
  if (u.panel.variant->peepholes != nullptr) {
    d_before = hn::MulAdd(peephole(u, 0), of.d_i, d_before);
    d_before = hn::MulAdd(peephole(u, 1), of.d_f, d_before);
    u.store(hn::Mul(of.d_i, of.before), u.row.peephole_terms);
    u.store(hn::Mul(of.d_f, of.before), u.row.peephole_terms + u.panel.gate_stride);
    u.store(hn::Mul(of.d_o, after.c), u.row.peephole_terms + 2 * u.panel.gate_stride);
  }
  u.store(d_before, u.row.d_c);
}

// o tanh(c')
struct LstmUnprojected {
  static HWY_INLINE void step(const GradientVector& u) {
    u.store(hn::Mul(u.kept(3), tanh(SteppedC(u).c)), u.row.unprojected);
  }
};

struct LstmVariantGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Floats i = u.kept(0), f = u.kept(1), g = u.kept(2), o = u.kept(3);
    const Floats before = u.of(u.row.c);
    const SteppedC after(u);
    const Floats y = tanh(after.c);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_o = through_sigmoid(hn::Mul(d_h, y), o);
    const Floats d_c = d_unclipped(u, after, hn::Add(through_tanh(hn::Mul(d_h, o), y), u.whole(u.row.d_c)), d_o);
    const Floats d_i = through_sigmoid(hn::Mul(d_c, g), i);
    const Floats d_f = through_sigmoid(hn::Mul(d_c, before), f);
    u.gate(0, d_i);
    u.gate(1, d_f);
    u.gate(2, through_tanh(hn::Mul(d_c, i), g));
    u.gate(3, d_o);
    finish_peepholes(u, after, {before, d_i, d_f, d_o, hn::Mul(d_c, f)});
    u.store(hn::Zero(FloatTag()), u.row.d_h);
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
