#include "rondo/c/tensor.h"

#include <cstdlib>
#include <span>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "rondo/tensor/dlpack.h"

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_dl_view(float* data, int32_t rank, const int64_t* shape, rondo_dl_tensor* view) {
  return guarded([&] {
    rondo_dl_tensor& described = cleared(view, "view");
    if (rank < 0 || rank > kMaxRank) {
      throw ValueError("rank", std::to_string(rank), "0 to " + std::to_string(kMaxRank));
    }
    if (shape == nullptr && rank > 0) throw ValueError("shape", "null", "one size for each axis");
    const rondo_dl_tensor tensor = {.data = data,
                                    .device = {1, 0},
                                    .ndim = rank,
                                    .dtype = {2, 32, 1},
                                    // DLPack's struct has no const; nobody writes to a shape.
                                    .shape = const_cast<int64_t*>(shape),
                                    .strides = nullptr,
                                    .byte_offset = 0};
    borrowed(&tensor, "view");
    described = tensor;
  });
}

rondo_status rondo_dl_copy(const rondo_dl_tensor* tensor, rondo_dl_managed** copy) {
  return guarded([&] {
    rondo_dl_managed*& result = cleared(copy, "copy");
    result = to_dlpack(borrowed(tensor, "tensor").clone());
  });
}

void rondo_dl_free(rondo_dl_managed* tensor) {
  if (tensor != nullptr && tensor->deleter != nullptr) tensor->deleter(tensor);
}

void rondo_free(void* memory) { std::free(memory); }
