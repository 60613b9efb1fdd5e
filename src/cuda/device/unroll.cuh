/// How the compiler for the device may treat a loop; written before it.
#pragma once

/// Keeps the loop: for bodies that need all registers of a thread.
#define RONDO_KEEP_LOOP _Pragma("unroll 1")

/// Unrolls the loop completely: for bodies that index arrays in registers.
#define RONDO_UNROLL _Pragma("unroll")
