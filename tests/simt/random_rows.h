/// Rows of elements for a kernel, laid out in one of the ways callers have them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "recurrence/schedule.h"
#include "rondo/tensor.h"
#include "simt/heap_block.h"
#include "support/random.h"

namespace rondo::test {

/// (T, B, width) in a heap block that ends with the last row: time-major or batch-major, with or without gaps between
/// rows and before the first, which may put rows out of alignment.
template <typename Element>
class RandomRows {
 public:
  RandomRows(Random& random, std::int64_t T, std::int64_t B, std::int64_t width)
      : T_(T),
        B_(B),
        width_(width),
        pitch_(width + random.pick({0, 0, 1, 4})),
        strides_(random.coin() ? TimeBatchStrides{B * pitch_, pitch_} : TimeBatchStrides{pitch_, T * pitch_}),
        first_(random.pick({0, 0, 1, 4})),
        block_(T * B == 0 ? 0 : first_ + (T * B - 1) * pitch_ + width) {}

  /// With the elements of a (T, B, width) or (B, width) tensor of any dtype.
  RandomRows(Random& random, const Tensor& tensor)
      : RandomRows(random, tensor.rank() == 3 ? tensor.size(0) : 1, tensor.size(-2 + tensor.rank()),
                   tensor.size(-1 + tensor.rank())) {
    const Tensor source = tensor.to(dtype_of<Element>).contiguous();
    for_each_row([&](std::int64_t t, std::int64_t b) {
      std::copy_n(source.data<Element>() + (t * B_ + b) * width_, width_, row(t, b));
    });
  }

  /// Where row (0, 0) begins; never null.
  Element* data() const { return block_.data() + (block_.bytes() == 0 ? 0 : first_); }
  TimeBatchStrides strides() const { return strides_; }
  Element* row(std::int64_t t, std::int64_t b) const { return data() + strides_.offset(t, b); }

  /// (T, B, width). Fails the test if a byte between the rows is not as it was.
  Tensor take() {
    Tensor result = Tensor::empty({T_, B_, width_}, dtype_of<Element>);
    for_each_row([&](std::int64_t t, std::int64_t b) {
      std::copy_n(row(t, b), width_, result.data<Element>() + (t * B_ + b) * width_);
      std::memset(static_cast<void*>(row(t, b)), 0xff, static_cast<std::size_t>(width_) * sizeof(Element));
    });
    const auto* bytes = reinterpret_cast<const unsigned char*>(block_.data());
    EXPECT_TRUE(std::all_of(bytes, bytes + block_.bytes(), [](unsigned char byte) { return byte == 0xff; }))
        << "something was written between rows";
    return result;
  }

 private:
  template <typename Function>
  void for_each_row(Function&& function) const {
    for (std::int64_t t = 0; t < T_; ++t) {
      for (std::int64_t b = 0; b < B_; ++b) function(t, b);
    }
  }

  std::int64_t T_;
  std::int64_t B_;
  std::int64_t width_;
  std::int64_t pitch_;
  TimeBatchStrides strides_;
  std::int64_t first_;
  HeapBlock<Element> block_;
};

}  // namespace rondo::test
