/// Numbers too small for a normal float count as zero.
#pragma once

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace rondo::fused {

/// For as long as it lives, on the thread that made it. States that die away get there, and arithmetic with them takes
/// many times as long.
class FlushDenormals {
 public:
#if defined(__SSE__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  static constexpr unsigned kFlushToZero = 0x8000;
  static constexpr unsigned kDenormalsAreZero = 0x0040;
  const unsigned before_;
#else
  FlushDenormals() {}  // elsewhere they are computed with
  ~FlushDenormals() {}

 private:
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace rondo::fused
