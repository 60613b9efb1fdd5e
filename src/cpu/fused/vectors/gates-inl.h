// The gates of a panel with tanh and sigmoid, for one instruction set: the formulas of recurrence/cells/, with as few
// divisions as possible. There is no include guard, because kernels.cpp includes this once per instruction set.

namespace rondo::fused::HWY_NAMESPACE {

// A vector of units of one row.
struct UnitVector {
  const float* sums;            // h U of gate 0; each next gate is one vector further
  const float* input;           // x W + b, laid out as sums
  const float* recurrent_bias;  // laid out as sums; null for a cell with one row of biases
  const RowStates& row;
  std::int64_t unit;
  std::int64_t units;  // of the cell

  HWY_INLINE Floats at(const float* gates, int gate) const {
    return hn::LoadU(FloatTag(), gates + static_cast<std::size_t>(gate) * hn::Lanes(FloatTag()));
  }
  HWY_INLINE Floats sum(int gate) const { return hn::Add(at(input, gate), at(sums, gate)); }
  HWY_INLINE Floats of(const float* states) const { return hn::LoadU(FloatTag(), states + unit); }
  HWY_INLINE void store(Floats value, float* states) const { hn::StoreU(value, FloatTag(), states + unit); }
  // Writes what the gradients need, but no lanes behind the cell's units.
  HWY_INLINE void keep(int which, Floats value) const {
    const FloatTag d;
    if (unit >= units) return;
    float* const target = row.kept + which * units + unit;
    hn::BlendedStore(value, hn::FirstN(d, static_cast<std::size_t>(units - unit)), d, target);
  }
};

// One vector of units in each of kRows rows, whose gates are computed side by side.
template <int kRows>
using Rows = UnitVector[kRows];

// For gates that read more of the panel than the standard ones, which stay as small as they are.
struct PanelVector : UnitVector {
  const PanelGates& panel;
};
template <int kRows>
using PanelRows = PanelVector[kRows];

template <typename Vector>
HWY_INLINE Vector vector_of(const UnitVector& vector, const PanelGates& panel) {
  if constexpr (std::is_same_v<Vector, UnitVector>) {
    return vector;
  } else {
    return {vector, panel};
  }
}

template <typename Gates, typename Vector, int kRows>
HWY_INLINE void step_rows(const Vector (&rows)[kRows]) {
  Gates::step(rows);
}

// Calls Gates::step for every vector of units of every row, two rows at a time.
template <typename Gates, typename Vector = UnitVector>
HWY_INLINE void for_each_vector(const PanelGates& panel) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  constexpr std::int64_t kVectors = Gates::kUnitVectors * Gates::kGates;
  for (std::int64_t v = 0; v < Gates::kUnitVectors; ++v) {
    const std::int64_t offset = v * Gates::kGates * lanes;
    const auto vector = [&](std::int64_t r) HWY_ATTR {
      return vector_of<Vector>(
          {panel.sums + r * kVectors * lanes + offset, panel.rows[r].input + panel.input_offset + offset,
           panel.recurrent_bias == nullptr ? nullptr : panel.recurrent_bias + offset, panel.rows[r],
           panel.first_unit + v * lanes, panel.units},
          panel);
    };
    std::int64_t r = 0;
    for (; r + 2 <= panel.row_count; r += 2) step_rows<Gates, Vector>({vector(r), vector(r + 1)});
    if (r < panel.row_count) step_rows<Gates, Vector>({vector(r)});
  }
}

template <int kCount, typename Function>
HWY_INLINE void for_rows(Function&& function) {
#pragma GCC unroll 2
  for (int i = 0; i < kCount; ++i) function(i);
}

// h' = tanh(a)
template <bool kKeeps>
struct SimpleRnnGates {
  static constexpr int kGates = 1;
  static constexpr int kUnitVectors = 4;
  template <int kRows>
  static HWY_INLINE void step(const Rows<kRows>& u) {
    Floats a[kRows];
    ExpParts parts[kRows];
    for_rows<kRows>([&](int i) HWY_ATTR { a[i] = twice_within(u[i].sum(0)); });
    exp_parts(a, parts);
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats h = tanh_of(exp_minus_one_of(parts[i]));
      if constexpr (kKeeps) u[i].keep(0, h);
      u[i].store(h, u[i].row.next_h);
    });
  }
};

// c' = sigmoid(f) c + sigmoid(i) tanh(g),  h' = sigmoid(o) tanh(c')
template <bool kKeeps>
struct LstmGates {
  static constexpr int kGates = 4;
  static constexpr int kUnitVectors = 1;
  template <int kRows>
  static HWY_INLINE void step(const Rows<kRows>& u) {
    Floats output[kRows];
    Floats c[kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      ExpParts parts[kGates];
      exp_parts(
          {minus_within(u[i].sum(0)), minus_within(u[i].sum(1)), twice_within(u[i].sum(2)), minus_within(u[i].sum(3))},
          parts);
      const Floats input = sigmoid_times_tanh_of(exp_of(parts[0]), exp_minus_one_of(parts[2]));
      const Floats forget = sigmoid_of(exp_of(parts[1]));
      c[i] = hn::MulAdd(forget, u[i].of(u[i].row.c), input);
      output[i] = exp_of(parts[3]);
      if constexpr (kKeeps) {
        u[i].keep(0, sigmoid_of(exp_of(parts[0])));
        u[i].keep(1, forget);
        u[i].keep(2, tanh_of(exp_minus_one_of(parts[2])));
        u[i].keep(3, sigmoid_of(output[i]));
      }
      u[i].store(c[i], u[i].row.c);
      c[i] = twice_within(c[i]);
    });
    ExpParts of_c[kRows];
    exp_parts(c, of_c);
    for_rows<kRows>([&](int i) HWY_ATTR {
      u[i].store(sigmoid_times_tanh_of(output[i], exp_minus_one_of(of_c[i])), u[i].row.next_h);
    });
  }
};

// h' = z h + (1 - z) t with z = sigmoid(x) and q = e^-|x|: one of h and t has the weight 1 / (1 + q), and the other one
// q / (1 + q). Neither weight is more than 1, and where q is zero, z is 0 or 1. (With e^-x in place of q, a product
// would overflow, or a closed gate would not be zero.)
HWY_INLINE Floats blend(Floats x, Floats q, Floats h, Floats t) {
  const Floats greater = hn::IfNegativeThenElse(x, t, h);
  const Floats lesser = hn::IfNegativeThenElse(x, h, t);
  return quotient_of_any(hn::MulAdd(q, lesser, greater), hn::Add(all(1.0F), q));
}

// a = x W_h + b_h + r (h U_h + rb_h)
template <bool kKeeps>
struct GruResetAfterGates {
  static constexpr int kGates = 3;
  static constexpr int kUnitVectors = 1;
  template <int kRows>
  static HWY_INLINE void step(const Rows<kRows>& u) {
    Floats z[kRows];
    Floats x[2 * kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      z[i] = hn::Add(u[i].sum(0), u[i].at(u[i].recurrent_bias, 0));
      x[i] = minus_abs_within(z[i]);
      x[kRows + i] = minus_within(hn::Add(u[i].sum(1), u[i].at(u[i].recurrent_bias, 1)));
    });
    ExpParts gates[2 * kRows];
    exp_parts(x, gates);
    Floats a[kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats recurrent = hn::Add(u[i].at(u[i].sums, 2), u[i].at(u[i].recurrent_bias, 2));
      const Floats reset = sigmoid_of(exp_of(gates[kRows + i]));
      if constexpr (kKeeps) {
        u[i].keep(1, reset);
        u[i].keep(3, recurrent);
      }
      a[i] = twice_within(hn::MulAdd(reset, recurrent, u[i].at(u[i].input, 2)));
    });
    ExpParts of_a[kRows];
    exp_parts(a, of_a);
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats candidate = tanh_of(exp_minus_one_of(of_a[i]));
      if constexpr (kKeeps) {
        u[i].keep(0, sigmoid(z[i]));
        u[i].keep(2, candidate);
      }
      u[i].store(blend(z[i], exp_of(gates[i]), u[i].of(u[i].row.h), candidate), u[i].row.next_h);
    });
  }
};

// The sum of gate z, kept in c, and r h
template <bool kKeeps>
struct GruResetGates {
  static constexpr int kGates = 2;
  static constexpr int kUnitVectors = 2;
  template <int kRows>
  static HWY_INLINE void step(const Rows<kRows>& u) {
    Floats r[kRows];
    ExpParts parts[kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      u[i].store(u[i].sum(0), u[i].row.c);
      r[i] = minus_within(u[i].sum(1));
    });
    exp_parts(r, parts);
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats reset = sigmoid_of(exp_of(parts[i]));
      if constexpr (kKeeps) u[i].keep(1, reset);
      u[i].store(hn::Mul(reset, u[i].of(u[i].row.h)), u[i].row.reset_h);
    });
  }
};

// a = x W_h + b_h + (r h) U_h
template <bool kKeeps>
struct GruCandidateGates {
  static constexpr int kGates = 1;
  static constexpr int kUnitVectors = 4;
  template <int kRows>
  static HWY_INLINE void step(const Rows<kRows>& u) {
    Floats x[2 * kRows];
    for_rows<kRows>([&](int i) HWY_ATTR {
      x[i] = minus_abs_within(u[i].of(u[i].row.c));
      x[kRows + i] = twice_within(u[i].sum(0));
    });
    ExpParts parts[2 * kRows];
    exp_parts(x, parts);
    for_rows<kRows>([&](int i) HWY_ATTR {
      const Floats candidate = tanh_of(exp_minus_one_of(parts[kRows + i]));
      if constexpr (kKeeps) {
        u[i].keep(0, sigmoid(u[i].of(u[i].row.c)));
        u[i].keep(2, candidate);
      }
      u[i].store(blend(u[i].of(u[i].row.c), exp_of(parts[i]), u[i].of(u[i].row.h), candidate), u[i].row.next_h);
    });
  }
};

}  // namespace rondo::fused::HWY_NAMESPACE
