// The gradients of gates, for one instruction set: the formulas `backward` of recurrence/cells/.
// There is no include guard, because kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// The first `count` elements at `values`, and zeros; nothing behind them is read.
HWY_INLINE Floats load_first(const float* values, std::int64_t count) {
  const FloatTag d;
  if (count >= static_cast<std::int64_t>(hn::Lanes(d))) return hn::LoadU(d, values);
  if (count <= 0) return hn::Zero(d);
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, values);
#else
  HWY_ALIGN float rest[hn::MaxLanes(FloatTag())] = {};
  std::copy_n(values, count, rest);
  return hn::Load(d, rest);
#endif
}

// A vector of units of one row. Lanes behind the cell's units read as zeros, and their gradients are zeros.
struct GradientVector {
  const GradientPanel& panel;
  const GradientRow& row;
  std::int64_t unit;

  HWY_INLINE Floats of(const float* values) const { return load_first(values + unit, panel.units - unit); }
  HWY_INLINE Floats kept(int which) const { return of(row.kept + which * panel.kept_stride); }
  HWY_INLINE Floats whole(const float* values) const { return hn::LoadU(FloatTag(), values + unit); }
  HWY_INLINE void store(Floats value, float* values) const { hn::StoreU(value, FloatTag(), values + unit); }
  HWY_INLINE void gate(int which, Floats value) const { store(value, row.d_input + which * panel.gate_stride); }
  HWY_INLINE void recurrent(int which, Floats value) const {
    store(value, row.d_recurrent + which * panel.gate_stride);
  }
};

// a - a y: the product of a with sigmoid' = y (1 - y) is y times this.
HWY_INLINE Floats times_one_minus(Floats a, Floats y) { return hn::NegMulAdd(a, y, a); }
// a sigmoid'(x), where y = sigmoid(x)
HWY_INLINE Floats through_sigmoid(Floats a, Floats y) { return hn::Mul(times_one_minus(a, y), y); }
// a tanh'(x), where y = tanh(x)
HWY_INLINE Floats through_tanh(Floats a, Floats y) { return hn::NegMulAdd(hn::Mul(a, y), y, a); }

// The derivatives of the usual pair of activations, tanh and sigmoid. BasicSlopes has those of any basic ones.
struct UsualSlopes {
  explicit HWY_INLINE UsualSlopes(const GradientVector&) {}
  HWY_INLINE Floats through_state(Floats a, Floats y) const { return through_tanh(a, y); }
  HWY_INLINE Floats through_gate(Floats a, Floats y) const { return through_sigmoid(a, y); }
};

template <typename Gradient>
void gradient_panel(const GradientPanel& panel) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  for (int r = 0; r < panel.row_count; ++r) {
    for (std::int64_t unit = panel.first; unit < panel.last; unit += lanes) {
      Gradient::step(GradientVector{panel, panel.rows[r], unit});
    }
  }
}

template <typename Slopes>
struct SimpleRnnGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    u.gate(0, Slopes(u).through_state(u.whole(u.row.d_h), u.kept(0)));
    u.store(hn::Zero(FloatTag()), u.row.d_h);
  }
};

struct LstmGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Floats i = u.kept(0), f = u.kept(1), g = u.kept(2), o = u.kept(3);
    const Floats c = u.of(u.row.c);
    const Floats y = tanh(hn::MulAdd(f, c, hn::Mul(i, g)));
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_c = hn::Add(through_tanh(hn::Mul(d_h, o), y), u.whole(u.row.d_c));
    u.gate(0, through_sigmoid(hn::Mul(d_c, g), i));
    u.gate(1, through_sigmoid(hn::Mul(d_c, c), f));
    u.gate(2, through_tanh(hn::Mul(d_c, i), g));
    u.gate(3, through_sigmoid(hn::Mul(d_h, y), o));
    u.store(hn::Mul(d_c, f), u.row.d_c);
    u.store(hn::Zero(FloatTag()), u.row.d_h);
  }
};

template <typename Slopes>
struct GruResetAfterGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Slopes slopes(u);
    const Floats z = u.kept(0), r = u.kept(1), n = u.kept(2), q = u.kept(3);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_n = slopes.through_state(times_one_minus(d_h, z), n);
    const Floats d_z = slopes.through_gate(hn::Mul(d_h, hn::Sub(u.of(u.row.h), n)), z);
    const Floats d_r = slopes.through_gate(hn::Mul(d_n, q), r);
    u.gate(0, d_z);
    u.gate(1, d_r);
    u.gate(2, d_n);
    u.recurrent(0, d_z);
    u.recurrent(1, d_r);
    u.recurrent(2, hn::Mul(r, d_n));
    u.store(hn::Mul(z, d_h), u.row.d_h);
  }
};

template <typename Slopes>
struct GruCandidateGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    u.gate(2, Slopes(u).through_state(times_one_minus(u.whole(u.row.d_h), u.kept(0)), u.kept(2)));
  }
};

template <typename Slopes>
struct GruResetGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Slopes slopes(u);
    const Floats z = u.kept(0), r = u.kept(1), n = u.kept(2);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats h = u.of(u.row.h);
    const Floats d_reset_h = u.whole(u.row.d_reset_h);
    u.gate(0, slopes.through_gate(hn::Mul(d_h, hn::Sub(h, n)), z));
    u.gate(1, slopes.through_gate(hn::Mul(d_reset_h, h), r));
    u.store(hn::Mul(r, h), u.row.reset_h);
    u.store(hn::MulAdd(z, d_h, hn::Mul(r, d_reset_h)), u.row.d_h);
  }
};

// f is the gate, n the candidate, q = h U_n + rb_n
template <typename Slopes>
struct MguGradient {
  static HWY_INLINE void step(const GradientVector& u) {
    const Slopes slopes(u);
    const Floats f = u.kept(0), n = u.kept(1), q = u.kept(2);
    const Floats d_h = u.whole(u.row.d_h);
    const Floats d_n = slopes.through_state(times_one_minus(d_h, f), n);
    const Floats d_f = slopes.through_gate(hn::MulAdd(d_n, q, hn::Mul(d_h, hn::Sub(u.of(u.row.h), n))), f);
    u.gate(0, d_f);
    u.gate(1, d_n);
    u.recurrent(0, d_f);
    u.recurrent(1, hn::Mul(f, d_n));
    u.store(hn::Mul(f, d_h), u.row.d_h);
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
