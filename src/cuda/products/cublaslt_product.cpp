// Products on cuBLASLt, which knows column-major matrices alone: a row-major matrix is the transposed of a column-major
// one, and result = a b is computed as result^T = b^T a^T. So cuBLASLt's first operand is b, its second a.

#include <cublasLt.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "cuda/products/product.h"
#include "cuda/runtime/calls.h"
#include "cuda/runtime/check.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

void check(cublasStatus_t status, const char* doing, const ProductSpec& spec) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError("cuBLASLt, " + std::string(doing) + " " + in_words(spec) + ": " + cublasLtGetStatusString(status) +
                    " (" + cublasLtGetStatusName(status) + ")");
}

/// A handle of cuBLASLt's that is given back at the end.
template <typename Handle, cublasStatus_t (*destroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  ~Owned() {
    if (handle_ != nullptr) (void)destroy(handle_);
  }
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&&) = delete;

  Handle* target() { return &handle_; }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using Operation = Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

// One for each device, made when it is first needed. They are never destroyed: at exit the driver may be gone before.
cublasLtHandle_t handle_of(Device device, const ProductSpec& spec) {
  static std::mutex mutex;
  static auto* handles = new std::map<int, cublasLtHandle_t>;
  const std::lock_guard lock(mutex);
  cublasLtHandle_t& handle = (*handles)[device.index];
  if (handle == nullptr) {
    const cuda_runtime::CurrentDevice scope(device);
    check(cublasLtCreate(&handle), "making a handle for", spec);
  }
  return handle;
}

cudaDataType_t type_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return CUDA_R_64F;
    case DType::f32: return CUDA_R_32F;
    case DType::f16: return CUDA_R_16F;
    case DType::bf16: return CUDA_R_16BF;
    default: throw ValueError("dtype of a product", to_string(dtype), "f64, f32, f16 or bf16");
  }
}

cublasComputeType_t compute_type(const ProductSpec& spec) {
  if (spec.dtype == DType::f64) return CUBLAS_COMPUTE_64F;
  const bool tf32 = spec.dtype == DType::f32 && spec.math == MatrixMath::tf32;
  return tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

Operation make_operation(const ProductSpec& spec) {
  Operation operation;
  const cudaDataType_t scale = spec.dtype == DType::f64 ? CUDA_R_64F : CUDA_R_32F;
  check(cublasLtMatmulDescCreate(operation.target(), compute_type(spec), scale), "describing", spec);
  const auto transpose = [&](cublasLtMatmulDescAttributes_t operand, const MatrixLayout& layout) {
    const cublasOperation_t value = layout.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(cublasLtMatmulDescSetAttribute(operation.get(), operand, &value, sizeof value), "describing", spec);
  };
  transpose(CUBLASLT_MATMUL_DESC_TRANSA, spec.b);
  transpose(CUBLASLT_MATMUL_DESC_TRANSB, spec.a);
  return operation;
}

/// The layout of an operand of (rows, columns) elements.
Layout make_layout(const ProductSpec& spec, DType dtype, std::int64_t rows, std::int64_t columns,
                   const MatrixLayout& matrix) {
  const std::int64_t stored_rows = matrix.transposed ? columns : rows;
  const std::int64_t row_length = matrix.transposed ? rows : columns;
  // The stride of a single row has no meaning, and may be less than the row.
  Layout layout;
  check(cublasLtMatrixLayoutCreate(layout.target(), type_of(dtype), static_cast<std::uint64_t>(row_length),
                                   static_cast<std::uint64_t>(stored_rows), std::max(matrix.row_stride, row_length)),
        "describing an operand of", spec);
  const auto set = [&](cublasLtMatrixLayoutAttribute_t attribute, const auto& value) {
    check(cublasLtMatrixLayoutSetAttribute(layout.get(), attribute, &value, sizeof value), "describing an operand of",
          spec);
  };
  set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(spec.batch));
  set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, matrix.batch_stride);
  return layout;
}

/// A product as cuBLASLt knows it.
class Multiplication {
 public:
  Multiplication(const ProductSpec& spec, Device device)
      : spec_(spec),
        device_(device),
        handle_(handle_of(device, spec)),
        operation_(make_operation(spec)),
        first_(make_layout(spec, spec.dtype, spec.K, spec.N, spec.b)),
        second_(make_layout(spec, spec.dtype, spec.M, spec.K, spec.a)),
        result_(make_layout(spec, spec.result_dtype, spec.M, spec.N, spec.result)),
        aligned_(search(kWideAlignment)),
        unaligned_(search(static_cast<std::uint32_t>(size_of(spec.dtype)))) {}

  std::size_t workspace_bytes() const { return std::max(aligned_.workspaceSize, unaligned_.workspaceSize); }

  template <typename Scale>
  void run(const ProductBuffers& buffers, Stream stream) const {
    const cuda_runtime::CurrentDevice scope(device_);
    const Scale one = 1;
    const Scale zero = 0;
    const bool aligned = is_aligned(buffers.a) && is_aligned(buffers.b) && is_aligned(buffers.result);
    const cublasLtMatmulHeuristicResult_t& kernel = aligned ? aligned_ : unaligned_;
    cuda_runtime::announce(cuda_runtime::Call::launch);
    check(cublasLtMatmul(handle_, operation_.get(), &one, buffers.b, first_.get(), buffers.a, second_.get(), &zero,
                         buffers.result, result_.get(), buffers.result, result_.get(), &kernel.algo, buffers.workspace,
                         kernel.workspaceSize, static_cast<cudaStream_t>(stream.native)),
          "queueing", spec_);
  }

 private:
  // What kernels ask of pointers to access as many bytes at once as there can be.
  static constexpr std::uint32_t kWideAlignment = 16;

  static bool is_aligned(const void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer) % kWideAlignment == 0;
  }

  cublasLtMatmulHeuristicResult_t search(std::uint32_t alignment) const;

  ProductSpec spec_;
  Device device_;
  cublasLtHandle_t handle_;
  Operation operation_;
  Layout first_;   ///< b
  Layout second_;  ///< a
  Layout result_;
  cublasLtMatmulHeuristicResult_t aligned_;    ///< for operands aligned to kWideAlignment
  cublasLtMatmulHeuristicResult_t unaligned_;  ///< for any
};

/// The library's first choice for operands that are aligned to `alignment` bytes.
cublasLtMatmulHeuristicResult_t Multiplication::search(std::uint32_t alignment) const {
  constexpr const char* kDoing = "choosing a kernel for";
  const cuda_runtime::CurrentDevice scope(device_);
  Preference preference;
  check(cublasLtMatmulPreferenceCreate(preference.target()), kDoing, spec_);
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
    check(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof value), kDoing, spec_);
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{Product::kWorkspaceBytes});
  // Where K is cut into parts, this scheme adds the parts up in the type of the sums and in a fixed order, in a step of
  // its own. Other schemes add them up in the result, rounded to its type, in the order in which blocks finish.
  prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  for (const auto operand : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                             CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    prefer(operand, alignment);
  }
  cublasLtMatmulHeuristicResult_t found = {};
  int count = 0;
  check(cublasLtMatmulAlgoGetHeuristic(handle_, operation_.get(), first_.get(), second_.get(), result_.get(),
                                       result_.get(), preference.get(), 1, &found, &count),
        kDoing, spec_);
  check(count == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : found.state, kDoing, spec_);
  return found;
}

}  // namespace

struct Product::Impl {
  ProductSpec spec;
  std::optional<Multiplication> multiplication;  ///< none where there is nothing to multiply
};

Product::Product(const ProductSpec& spec, Device device) : impl_(std::make_unique<Impl>(Impl{spec, std::nullopt})) {
  check_product(spec);
  const bool multiplies = spec.M > 0 && spec.N > 0 && spec.K > 0 && spec.batch > 0;
  if (multiplies) impl_->multiplication.emplace(spec, device);
}
Product::~Product() = default;
Product::Product(Product&&) noexcept = default;
Product& Product::operator=(Product&&) noexcept = default;

std::size_t Product::workspace_bytes() const {
  return impl_->multiplication ? impl_->multiplication->workspace_bytes() : 0;
}

void Product::run(const ProductBuffers& buffers, Stream stream) const {
  const ProductSpec& spec = impl_->spec;
  if (!impl_->multiplication) return fill_result_with_zeros(spec, buffers.result, stream);
  if (spec.dtype == DType::f64) return impl_->multiplication->run<double>(buffers, stream);
  impl_->multiplication->run<float>(buffers, stream);
}

}  // namespace rondo
