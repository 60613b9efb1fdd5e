#include "stream_rows.h"

#include <utility>

#include "tensor/requirement.h"

namespace rondo::ort {
namespace {

const OrtValue* value_at(const Call& call, const StreamPlaces& places, StreamInput input) {
  const std::optional<std::size_t> place = places[static_cast<std::size_t>(input)];
  return place ? call.value(*place) : nullptr;
}

std::vector<StreamKey> keys_of(const Call& call, const OrtValue* value, std::int64_t B) {
  if (value == nullptr) throw ValueError("session", "nothing", "a number or a text for each row");
  const TensorBytes given = bytes_of(call.runtime(), *value);
  std::vector<StreamKey> keys;
  if (given.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) {
    if (given.shape != Shape{B}) throw ValueError("session", "shape " + to_string(given.shape), to_string(Shape{B}));
    for (std::string& text : texts_of(call.runtime(), *value)) keys.emplace_back(std::move(text));
    return keys;
  }
  const Tensor numbers = view_of(call.runtime(), *value, "session");
  check_tensor(numbers, {.name = "session", .shape = {B}, .dtype = DType::i64, .reason = "or strings"});
  for (const std::int64_t number : numbers.to_vector<std::int64_t>()) {
    if (number < 0) throw ValueError("session", std::to_string(number), "a number from 0 up, or a text");
    keys.emplace_back(static_cast<std::uint64_t>(number));
  }
  return keys;
}

/// The flags of all rows: false where the input is left out.
std::vector<bool> flags_of(const Call& call, const OrtValue* value, const char* name, std::int64_t B) {
  if (value == nullptr) return std::vector<bool>(static_cast<std::size_t>(B));
  const Tensor flags = view_of(call.runtime(), *value, name);
  check_tensor(flags, {.name = name, .shape = {B}, .dtype = DType::boolean});
  return flags.to_vector<bool>();
}

}  // namespace

std::vector<StreamRow> read_stream_rows(const Call& call, const StreamPlaces& places, std::int64_t B) {
  std::vector<StreamKey> keys = keys_of(call, value_at(call, places, StreamInput::session), B);
  const std::vector<bool> starts = flags_of(call, value_at(call, places, StreamInput::start), "start", B);
  const std::vector<bool> ends = flags_of(call, value_at(call, places, StreamInput::end), "end", B);
  std::vector<StreamRow> rows;
  for (std::size_t b = 0; b < keys.size(); ++b) rows.push_back({std::move(keys[b]), starts[b], ends[b]});
  return rows;
}

}  // namespace rondo::ort
