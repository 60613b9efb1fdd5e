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
#include <utility>
#include <vector>

#include "cpu/fused/kernels.h"
#include "rondo/vocabulary/float16.h"

HWY_BEFORE_NAMESPACE();
#include "cpu/fused/math-inl.h"

#include "cpu/fused/gates-inl.h"
#include "cpu/fused/product-inl.h"

#include "cpu/fused/convert-inl.h"

#include "cpu/fused/outer_product-inl.h"

#include "cpu/fused/gradients-inl.h"

namespace rondo::fused::HWY_NAMESPACE {

const KernelTable* kernel_table() {
  static const KernelTable table{.target = hwy::TargetName(HWY_TARGET),
                                 .lanes = static_cast<int>(hn::Lanes(FloatTag())),
                                 .product = product,
                                 .pair_product = pair_product(),
                                 .gates = gate_kernels<false>(),
                                 .keeping_gates = gate_kernels<true>(),
                                 .gradients = gradient_kernels(),
                                 .load_row = load_row,
                                 .store_row = store_row,
                                 .sigmoid = sigmoid_row,
                                 .tanh = tanh_row};
  return &table;
}

}  // namespace rondo::fused::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::fused {

HWY_EXPORT(kernel_table);

const KernelTable& best_kernels() {
  static const KernelTable& table = *HWY_DYNAMIC_DISPATCH(kernel_table)();
  return table;
}

std::vector<const KernelTable*> all_kernels() {
  std::vector<const KernelTable*> tables;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    tables.push_back(HWY_DYNAMIC_DISPATCH(kernel_table)());
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return tables;
}

}  // namespace rondo::fused
#endif
