// Compiles the kernels once for each instruction set, and chooses among them at run time (Highway's foreach_target).

// Three of x86's sets are worth their compile time: 512 bits, 256 bits with FMA, 128 bits. SVE and RVV are excluded:
// vectors whose length is known only at run time cannot be elements of an array, as the sums are here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/fused/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// Must follow the two headers above.
#include <hwy/cache_control.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "cpu/fused/amx.h"
#include "cpu/fused/kernels.h"
#include "cpu/fused/processor_features.h"
#include "recurrence/int8_scale.h"
#include "rondo/vocabulary/float16.h"

HWY_BEFORE_NAMESPACE();
#include "cpu/fused/vectors/math-inl.h"

#include "cpu/fused/vectors/gates-inl.h"

#include "cpu/fused/vectors/lstm_variant-inl.h"

#include "cpu/fused/vectors/mgu-inl.h"

#include "cpu/fused/vectors/basic_gates-inl.h"

#include "cpu/fused/vectors/gate_table-inl.h"

#include "cpu/fused/vectors/product-inl.h"

#include "cpu/fused/vectors/int8_product-inl.h"

#include "cpu/fused/vectors/tiles-inl.h"

#include "cpu/fused/vectors/int8_rows-inl.h"

#include "cpu/fused/vectors/convert-inl.h"

#include "cpu/fused/vectors/outer_product-inl.h"

#include "cpu/fused/vectors/gradients-inl.h"

#include "cpu/fused/vectors/variant_gradients-inl.h"

#include "cpu/fused/vectors/basic_gradients-inl.h"

#include "cpu/fused/vectors/gradient_table-inl.h"

namespace rondo::fused::HWY_NAMESPACE {

const KernelTable* kernel_table() {
  static const KernelTable table{.target = hwy::TargetName(HWY_TARGET),
                                 .lanes = static_cast<int>(hn::Lanes(FloatTag())),
                                 .product = product,
                                 .pair_product = pair_product(),
                                 .int8_quads = int8_quads(),
                                 .int8_pairs = int8_pairs(),
                                 .gates = gate_kernels<false>(),
                                 .keeping_gates = gate_kernels<true>(),
                                 .basic_gates = basic_gate_kernels<false>(),
                                 .keeping_basic_gates = basic_gate_kernels<true>(),
                                 .gradients = gradient_kernels(),
                                 .load_row = load_row,
                                 .store_row = store_row,
                                 .split_row = split_row,
                                 .sigmoid = sigmoid_row,
                                 .tanh = tanh_row};
  return &table;
}

}  // namespace rondo::fused::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::fused {

HWY_EXPORT(kernel_table);

namespace {

/// The table of one of the targets that are compiled.
const KernelTable* table_of([[maybe_unused]] std::int64_t target) {
#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0
  return HWY_STATIC_DISPATCH(kernel_table)();
#else
  hwy::ChosenTarget chosen;  // not Highway's own one, which the whole process shares
  chosen.Update(target);
  return HWY_DISPATCH_TABLE(kernel_table)[chosen.GetIndex()]();
#endif
}

}  // namespace

// The best target has the lowest bit.
std::vector<const KernelTable*> all_kernels() {
  std::vector<const KernelTable*> tables;
  for (std::int64_t targets = HWY_SUPPORTED_TARGETS & HWY_TARGETS; targets != 0; targets &= targets - 1) {
    tables.push_back(table_of(targets & ~(targets - 1)));
  }
  if (const KernelTable* amx = amx_kernels(*tables.front())) tables.insert(tables.begin(), amx);
  return tables;
}

}  // namespace rondo::fused
#endif
