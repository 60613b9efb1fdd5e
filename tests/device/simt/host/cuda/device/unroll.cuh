/// The host's version of src/cuda/device/unroll.cuh, with empty definitions.
#pragma once

#define RONDO_KEEP_LOOP
#define RONDO_UNROLL
