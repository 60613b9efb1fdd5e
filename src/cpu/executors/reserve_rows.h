/// Rows of a reserve in the arithmetic of the reference executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "recurrence/reserve.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {

template <typename Real>
class ReserveRows {
 public:
  ReserveRows(const ReserveLayout& layout, void* reserve) : layout_(layout), base_(static_cast<std::byte*>(reserve)) {}

  const ReserveLayout& layout() const { return layout_; }

  void load_gates(std::int64_t row, Real* gates) const { load(layout_.gates_offset, layout_.gates, row, gates); }
  void load_states(std::int64_t row, Real* h, Real* c) const {
    load(layout_.h_offset, layout_.h, row, h);
    load(layout_.c_offset, layout_.c, row, c);
  }
  void store_gates(std::int64_t row, const Real* gates) const {
    store(layout_.gates_offset, layout_.gates, row, gates);
  }
  void store_states(std::int64_t row, const Real* h, const Real* c) const {
    store(layout_.h_offset, layout_.h, row, h);
    store(layout_.c_offset, layout_.c, row, c);
  }

 private:
  template <typename Element>
  Element* at(std::size_t offset, std::int64_t element) const {
    return reinterpret_cast<Element*>(base_ + offset) + element;
  }

  void load(std::size_t offset, std::int64_t width, std::int64_t row, Real* target) const {
    if (width == 0) return;
    dispatch_dtype(layout_.dtype, [&]<typename Element>(ElementTag<Element>) {
      const auto* source = at<const Element>(offset, row * width);
      std::transform(source, source + width, target, [](Element value) { return convert_element<Real>(value); });
    });
  }

  void store(std::size_t offset, std::int64_t width, std::int64_t row, const Real* source) const {
    if (width == 0) return;
    dispatch_dtype(layout_.dtype, [&]<typename Element>(ElementTag<Element>) {
      auto* target = at<Element>(offset, row * width);
      std::transform(source, source + width, target, [](Real value) {
        if constexpr (std::is_same_v<Element, Float16>) {
          value = formula::clip(value, -Real(kGreatestFloat16), Real(kGreatestFloat16));
        }
        return convert_element<Element>(value);
      });
    });
  }

  static constexpr float kGreatestFloat16 = 65504.0F;

  const ReserveLayout layout_;
  std::byte* const base_;
};

}  // namespace rondo
