// The gates of a minimal gated unit and their gradient. kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// sigmoid(x), with q = e^-|x|.
HWY_INLINE Floats sigmoid_of_any(Floats x, Floats q) {
  return quotient(hn::IfNegativeThenElse(x, q, all(1.0F)), hn::Add(all(1.0F), q));
}

// n = tanh(x W_n + b_n + f (h U_n + rb_n)),  h' = f h + (1 - f) n
template <bool kKeeps>
struct MguGates {
  static constexpr int kGates = 2;
  static constexpr int kUnitVectors = 2;
  template <int kRows>
  static HWY_INLINE void step(const Rows<kRows>& u) {
    Floats gate[kRows];
    Floats x[kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      gate[i] = hn::Add(u[i].sum(0), u[i].at(u[i].recurrent_bias, 0));
      x[i] = minus_abs_within(gate[i]);
    });
    ExpParts of_gate[kRows];
    exp_parts(x, of_gate);
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats recurrent = hn::Add(u[i].at(u[i].sums, 1), u[i].at(u[i].recurrent_bias, 1));
      const Floats forget = sigmoid_of_any(gate[i], exp_of(of_gate[i]));
      if constexpr (kKeeps) {
        u[i].keep(0, forget);
        u[i].keep(2, recurrent);
      }
      x[i] = twice_within(hn::MulAdd(forget, recurrent, u[i].at(u[i].input, 1)));
    });
    ExpParts of_x[kRows];
    exp_parts(x, of_x);
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats candidate = tanh_of(exp_minus_one_of(of_x[i]));
      if constexpr (kKeeps) u[i].keep(1, candidate);
      u[i].store(blend(gate[i], exp_of(of_gate[i]), u[i].of(u[i].row.h), candidate), u[i].row.next_h);
    });
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
