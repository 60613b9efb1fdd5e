/// `RONDO_HOST_DEVICE`: marks a function that a CUDA kernel and plain C++ share. Floor 0.
#pragma once

#if defined(__CUDACC__)
#define RONDO_HOST_DEVICE __host__ __device__
#else
#define RONDO_HOST_DEVICE
#endif
