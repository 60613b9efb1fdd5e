#include "plan/network/network_reserve.h"

#include "plan/run_tensors.h"
#include "recurrence/reserve.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

// The alignment of memory that CUDA's libraries read.
constexpr std::size_t kAlignment = 256;

}  // namespace

NetworkReserve network_reserve(const NetworkSpec& spec, std::int64_t rows) {
  NetworkReserve reserve;
  const auto take = [&](std::size_t bytes) {
    const ReservePiece piece{reserve.bytes, bytes};
    reserve.bytes += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return piece;
  };
  for (std::size_t k = 0; k < spec.layers.size(); ++k) {
    const NetworkLayer& layer = spec.layers[k];
    NetworkReserve::Layer& pieces = reserve.layers.emplace_back();
    pieces.forward = take(reserve_layout(layer.forward, rows).bytes);
    if (layer.backward) pieces.backward = take(reserve_layout(*layer.backward, rows).bytes);
    if (k + 1 == spec.layers.size()) continue;
    const std::int64_t elements = rows * output_features(layer);
    pieces.sequence = take(static_cast<std::size_t>(elements) * size_of(layer.forward.dtype));
  }
  return reserve;
}

NetworkReserve network_reserve(const NetworkSpec& spec, const Tensor& x) {
  const RecurrenceSpec& first = spec.layers.front().forward;
  return network_reserve(spec, first.packed ? x.size(0) : first.T * first.B);
}

Tensor bytes_of_piece(const Tensor& reserve, const ReservePiece& piece) {
  const auto begin = static_cast<std::int64_t>(piece.offset);
  return reserve.slice(0, begin, begin + static_cast<std::int64_t>(piece.bytes));
}

Tensor tensor_of_piece(const Tensor& reserve, const ReservePiece& piece, const Shape& shape, DType dtype) {
  auto* const data = static_cast<std::byte*>(reserve.data()) + piece.offset;
  if (reserve.device() != cpu()) return Tensor::borrow_device(data, shape, dtype, reserve.device());
  return dispatch_dtype(dtype, [&]<typename Element>(ElementTag<Element>) {
    return Tensor::borrow(std::span(reinterpret_cast<Element*>(data), piece.bytes / sizeof(Element)), shape);
  });
}

}  // namespace rondo
