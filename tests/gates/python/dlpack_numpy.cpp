// The functions that dlpack_numpy.py calls: a tensor of Rondo to export, and an imported tensor to examine.
#include "rondo/tensor/dlpack.h"

namespace {

/// The tensor 0 .. 5 of shape (2, 3). The export is its transpose (3, 2), so that the strides matter.
rondo::Tensor& own() {
  static rondo::Tensor tensor = rondo::Tensor::from({0.F, 1.F, 2.F, 3.F, 4.F, 5.F}, {2, 3});
  return tensor;
}

rondo::Tensor& imported() {
  static rondo::Tensor tensor;
  return tensor;
}

}  // namespace

extern "C" {

void* export_legacy() { return rondo::to_dlpack_legacy(own().swap_axes(0, 1)); }
void* export_versioned() { return rondo::to_dlpack(own().swap_axes(0, 1)); }
/// How many tensors share the exported elements, including `own`.
long own_users() { return own().storage().use_count(); }
float* own_data() { return own().data<float>(); }

void import_legacy(void* managed) {
  imported() = rondo::from_dlpack(static_cast<rondo::dlpack::DLManagedTensor*>(managed));
}
void import_versioned(void* managed) {
  imported() = rondo::from_dlpack(static_cast<rondo::dlpack::DLManagedTensorVersioned*>(managed));
}
void* imported_data() { return imported().data(); }
double imported_at(int row, int column) { return imported().select(0, row).select(0, column).item(); }
void set_imported_at(int row, int column, double value) { imported().select(0, row).select(0, column).fill(value); }
void drop_imported() { imported() = rondo::Tensor(); }
}
