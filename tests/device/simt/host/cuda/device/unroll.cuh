/// The host's version of src/cuda/device/unroll.cuh: nothing.
#pragma once

#define RONDO_KEEP_LOOP
#define RONDO_UNROLL
