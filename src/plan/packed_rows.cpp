#include "plan/packed_rows.h"

#include <algorithm>

#include "cuda/common/packed_rows.h"
#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

void check_integers(const std::string& name, const Tensor& tensor, std::int64_t count, Device device) {
  const bool is_integer = tensor.defined() && (tensor.dtype() == DType::i32 || tensor.dtype() == DType::i64);
  const bool fits = is_integer && tensor.shape() == Shape{count} && tensor.is_contiguous() &&
                    (tensor.device() == device || tensor.device() == cpu());
  if (fits) return;
  throw ValueError(name, tensor.defined() ? describe(tensor) + " on " + to_string(tensor.device()) : describe(tensor),
                   "i32 or i64 of shape (" + std::to_string(count) + ",) without gaps on " + to_string(cpu()) +
                       (device == cpu() ? "" : " or " + to_string(device)));
}

/// Calls `function(index, number)` for the first `count` numbers of a tensor of i32 or i64 on the CPU.
template <typename Function>
void for_each_number(const Tensor& tensor, std::int64_t count, const Function& function) {
  const auto visit = [&](const auto* numbers) {
    for (std::int64_t k = 0; k < count; ++k) function(k, std::int64_t{numbers[k]});
  };
  if (tensor.dtype() == DType::i32) return visit(tensor.data<std::int32_t>());
  visit(tensor.data<std::int64_t>());
}

/// How many row indices are looked at. Where there are state_rows, executors of the CPU leave rows without steps alone:
/// a run of few rows need not care how many are planned.
std::int64_t named_rows(const RecurrenceSpec& spec, const Tensor& batch_sizes) {
  if (spec.state_rows == 0 || spec.device != cpu()) return spec.B;
  std::int64_t rows = 0;
  for_each_number(batch_sizes, std::min<std::int64_t>(1, spec.T),
                  [&](std::int64_t, std::int64_t size) { rows = size; });
  return rows;
}

DeviceIntegers integers_of(const Tensor& tensor) {
  return {.data = tensor.data(), .wide = tensor.dtype() == DType::i64};
}

}  // namespace

void check_packed_arguments(const RecurrenceSpec& spec, const SessionTensors& tensors) {
  if (tensors.batch_sizes.has_value() != spec.packed) {
    throw ValueError("batch_sizes", spec.packed ? "none" : "some",
                     spec.packed ? "some, as planned" : "none, as planned");
  }
  if (!spec.packed) {
    if (tensors.row_indices) throw ValueError("row_indices", "some", "none, as no packed batch is planned");
    return;
  }
  check_integers("batch_sizes", *tensors.batch_sizes, spec.T, spec.device);
  if (!tensors.row_indices && spec.state_rows == 0) return;
  if (!tensors.row_indices) throw ValueError("row_indices", "none", "some, as state_rows is planned");
  check_integers("row_indices", *tensors.row_indices, spec.B, spec.device);
  if (tensors.row_indices->device() == tensors.batch_sizes->device()) return;
  throw ValueError("row_indices", "a tensor on " + to_string(tensors.row_indices->device()),
                   "one on " + to_string(tensors.batch_sizes->device()) + ", as batch_sizes");
}

namespace {

void check_batch_sizes(const RecurrenceSpec& spec, const Tensor& batch_sizes, std::int64_t rows) {
  const std::int64_t least = spec.state_rows > 0 ? 0 : 1;
  std::int64_t sum = 0;
  std::int64_t before = spec.B;
  for_each_number(batch_sizes, spec.T, [&](std::int64_t t, std::int64_t size) {
    if (size < least || size > before) {
      throw ValueError(
          "batch_sizes[" + std::to_string(t) + "]", std::to_string(size),
          std::to_string(least) + " to " + std::to_string(before) + (t == 0 ? ", the batch" : ", the size before"));
    }
    sum += size;
    before = size;
  });
  if (sum != rows) {
    throw ValueError("batch_sizes", "a sum of " + std::to_string(sum), std::to_string(rows) + ", the rows of x");
  }
}

}  // namespace

void check_packed_numbers(const RecurrenceSpec& spec, const SessionTensors& tensors, std::vector<bool>& taken) {
  check_batch_sizes(spec, *tensors.batch_sizes, tensors.x.size(0));
  if (!tensors.row_indices) return;
  const std::int64_t states = state_rows(spec);
  taken.assign(static_cast<std::size_t>(states), false);
  for_each_number(*tensors.row_indices, named_rows(spec, *tensors.batch_sizes),
                  [&](std::int64_t b, std::int64_t index) {
                    const auto name = [&] { return "row_indices[" + std::to_string(b) + "]"; };
                    if (index < 0 || index >= states) {
                      throw ValueError(name(), std::to_string(index), "0 to " + std::to_string(states - 1));
                    }
                    const auto place = taken.begin() + index;
                    if (*place) throw ValueError(name(), std::to_string(index) + " again", "each row once");
                    *place = true;
                  });
}

PackedRows::PackedRows(const RecurrenceSpec& spec)
    : T_(spec.T), B_(spec.B), rows_(Tensor::zeros({spec.T + 1 + 2 * spec.B}, DType::i32, spec.device)) {
  if (spec.device != cpu()) host_.resize(static_cast<std::size_t>(rows_.numel()));
  taken_.reserve(static_cast<std::size_t>(state_rows(spec)));
}

void PackedRows::add_to(Schedule& schedule, const SessionTensors& tensors) const {
  schedule.lengths = first_rows() + T_ + 1;
  if (tensors.row_indices) schedule.row_indices = schedule.lengths + B_;
}

void PackedRows::update(const RecurrenceSpec& spec, const SessionTensors& tensors, std::uint32_t* flags,
                        Stream stream) {
  if (tensors.batch_sizes->device() != cpu()) return compute_on_device(spec, tensors, flags, stream);
  if (spec.device == cpu()) return compute(spec, tensors, rows_.data<std::int32_t>());
  if (cuda_runtime::is_recording(stream)) {
    throw ValueError("batch_sizes", "a tensor on cpu while the stream is recorded",
                     "one on " + to_string(spec.device) + ", which each replay reads");
  }
  compute(spec, tensors, host_.data());
  cuda_runtime::copy(rows_.data(), host_.data(), host_.size() * sizeof(std::int32_t), stream);
}

// Numbers that check_packed_numbers accepts.
void PackedRows::compute(const RecurrenceSpec& spec, const SessionTensors& tensors, std::int32_t* rows) {
  check_packed_numbers(spec, tensors, taken_);
  std::int32_t* const lengths = rows + T_ + 1;
  std::fill_n(lengths, B_, 0);
  std::int64_t first_row = 0;
  std::int64_t before = 0;
  for_each_number(*tensors.batch_sizes, T_, [&](std::int64_t t, std::int64_t size) {
    std::fill_n(lengths + size, std::max<std::int64_t>(0, before - size),
                static_cast<std::int32_t>(t));  // they end here
    rows[t] = static_cast<std::int32_t>(first_row);
    first_row += size;
    before = size;
  });
  std::fill_n(lengths, before, static_cast<std::int32_t>(T_));
  rows[T_] = static_cast<std::int32_t>(first_row);
  if (!tensors.row_indices) return;
  std::int32_t* const indices = lengths + B_;
  for_each_number(*tensors.row_indices, named_rows(spec, *tensors.batch_sizes),
                  [&](std::int64_t b, std::int64_t index) { indices[b] = static_cast<std::int32_t>(index); });
}

void PackedRows::compute_on_device(const RecurrenceSpec& spec, const SessionTensors& tensors, std::uint32_t* flags,
                                   Stream stream) const {
  std::int32_t* const rows = rows_.data<std::int32_t>();
  PackedBatch batch{.T = spec.T,
                    .B = spec.B,
                    .N = tensors.x.size(0),
                    .state_rows = state_rows(spec),
                    .sizes = integers_of(*tensors.batch_sizes),
                    .first_rows = rows,
                    .lengths = rows + T_ + 1,
                    .row_indices = rows + T_ + 1 + B_,
                    .flags = flags};
  if (tensors.row_indices) batch.indices = integers_of(*tensors.row_indices);
  cuda_packed_rows(batch, stream);
}

}  // namespace rondo
