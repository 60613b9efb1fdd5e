/// How the compiler for the device may treat a loop; written before it.
#pragma once

/// Not unrolled: for bodies that hold as many registers as there are.
#define RONDO_KEEP_LOOP _Pragma("unroll 1")

/// Unrolled altogether: for bodies that index arrays in registers.
#define RONDO_UNROLL _Pragma("unroll")
