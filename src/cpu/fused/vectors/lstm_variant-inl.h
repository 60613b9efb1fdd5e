// The gates of an LSTM with peepholes, a clip of c, or both. kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// sum + w c, where w is the peephole of gate i, f or o; without peepholes the sum, even where c is infinite.
HWY_INLINE Floats with_peephole(const PanelVector& u, int which, Floats c, Floats sum) {
  if (u.panel.variant->peepholes == nullptr) return sum;
  return hn::MulAdd(u.of(u.panel.variant->peepholes + which * u.panel.variant->stride), c, sum);
}

// c' = clip(sigmoid(f) c + sigmoid(i) tanh(g)),  h' = sigmoid(o) tanh(c'), where i and f see c, and o sees c'
template <bool kKeeps>
struct LstmVariantGates {
  static constexpr int kGates = 4;
  static constexpr int kUnitVectors = 1;
  template <int kRows>
  static HWY_INLINE void step(const PanelRows<kRows>& u) {
    Floats x[2 * kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats before = u[i].of(u[i].row.c);
      ExpParts parts[3];
      exp_parts({minus_within(with_peephole(u[i], 0, before, u[i].sum(0))),
                 minus_within(with_peephole(u[i], 1, before, u[i].sum(1))), twice_within(u[i].sum(2))},
                parts);
      const Floats input = sigmoid_times_tanh_of(exp_of(parts[0]), exp_minus_one_of(parts[2]));
      const Floats forget = sigmoid_of(exp_of(parts[1]));
      const Floats c = clamp(hn::MulAdd(forget, before, input), u[i].panel.variant->cell_clip);
      if constexpr (kKeeps) {
        u[i].keep(0, sigmoid_of(exp_of(parts[0])));
        u[i].keep(1, forget);
        u[i].keep(2, tanh_of(exp_minus_one_of(parts[2])));
      }
      u[i].store(c, u[i].row.c);
      x[i] = minus_within(with_peephole(u[i], 2, c, u[i].sum(3)));
      x[kRows + i] = twice_within(c);
    });
    ExpParts parts[2 * kRows];
    exp_parts(x, parts);
    for_rows<kRows>([&](int i) HWY_ATTR {
      if constexpr (kKeeps) u[i].keep(3, sigmoid_of(exp_of(parts[i])));
      u[i].store(sigmoid_times_tanh_of(exp_of(parts[i]), exp_minus_one_of(parts[kRows + i])), u[i].row.next_h);
    });
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
