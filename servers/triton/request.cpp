#include "request.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "call.h"

namespace rondo::triton {
namespace {

/// Bytes of the server's or of ours as a tensor, for copies between devices.
Tensor as_bytes(const void* data, std::size_t bytes, abi::MemoryType memory, std::int64_t device) {
  const Device place = memory == abi::MemoryType::gpu ? cuda(static_cast<int>(device)) : cpu();
  return Tensor::borrow_device(const_cast<void*>(data), {static_cast<std::int64_t>(bytes)}, DType::u8, place);
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "(";
  for (std::size_t k = 0; k < shape.size(); ++k) text += (k == 0 ? "" : ", ") + std::to_string(shape[k]);
  return text + ")";
}

std::string expected_shape(const TensorConfig& config) {
  std::string text = "(B";
  for (const std::int64_t size : config.dims)
    text += ", " + (size < 0 ? std::string("1 or more") : std::to_string(size));
  return text + ")";
}

bool fits(std::span<const std::int64_t> shape, const TensorConfig& config) {
  if (shape.size() != config.dims.size() + 1 || shape[0] < 1) return false;
  for (std::size_t k = 0; k < config.dims.size(); ++k) {
    const std::int64_t wanted = config.dims[k];
    if (wanted < 0 ? shape[k + 1] < 1 : shape[k + 1] != wanted) return false;
  }
  return true;
}

}  // namespace

Request::Request(abi::Request* request, const ModelConfig& config) : request_(request) {
  if (config.batching == Batching::stateless) return;
  std::uint32_t flags = 0;
  check(abi::TRITONBACKEND_RequestFlags(request, &flags));
  starts_ = (flags & abi::kSequenceStart) != 0;
  ends_ = (flags & abi::kSequenceEnd) != 0;
  read_sequence();
  ready_ = sequence_ != StreamKey(std::uint64_t{0}) && read_ready(config.ready);
}

void Request::read_sequence() {
  std::uint64_t number = 0;
  abi::Error* error = abi::TRITONBACKEND_RequestCorrelationId(request_, &number);
  if (error == nullptr) {
    sequence_ = number;
    return;
  }
  abi::TRITONSERVER_ErrorDelete(error);
  const char* text = nullptr;
  check(abi::TRITONBACKEND_RequestCorrelationIdString(request_, &text));
  sequence_ = std::string(text);
}

bool Request::read_ready(const ReadyControl& control) const {
  if (control.name.empty()) return true;
  const RequestInput ready = input({.name = control.name, .type = control.type, .dims = {1}});
  const DType dtype = dtype_of_data(control.type, control.name);
  const Tensor value = Tensor::empty({1}, dtype);
  copy(ready, 0, static_cast<std::byte*>(value.data()), size_of(dtype));
  return value.item() == control.ready;
}

RequestInput Request::input(const TensorConfig& config) const {
  RequestInput result;
  check(abi::TRITONBACKEND_RequestInput(request_, config.name.c_str(), &result.input));
  abi::DataType type = abi::DataType::invalid;
  const std::int64_t* shape = nullptr;
  std::uint32_t rank = 0;
  std::uint64_t bytes = 0;
  check(abi::TRITONBACKEND_InputProperties(result.input, nullptr, &type, &shape, &rank, &bytes, &result.buffers));
  result.shape = {shape, rank};
  const std::string place = "input '" + config.name + "'";
  if (type != config.type) throw ValueError(place, to_string(type), to_string(config.type));
  if (!fits(result.shape, config)) throw ValueError(place, shape_text(result.shape), expected_shape(config));
  std::uint64_t wanted = size_of(dtype_of_data(type, place));
  for (const std::int64_t size : result.shape) {
    if (__builtin_mul_overflow(wanted, static_cast<std::uint64_t>(size), &wanted))
      throw ValueError(place, shape_text(result.shape), "a shape whose bytes can be counted");
  }
  if (bytes != wanted)
    throw ValueError(place, std::to_string(bytes) + " bytes",
                     std::to_string(wanted) + ", for " + shape_text(result.shape));
  return result;
}

void Request::copy(const RequestInput& input, std::size_t begin, std::byte* to, std::size_t bytes) {
  std::size_t at = 0;  // of the buffer, in the input
  for (std::uint32_t k = 0; k < input.buffers && bytes > 0; ++k) {
    const void* data = nullptr;
    std::uint64_t size = 0;
    abi::MemoryType memory = abi::MemoryType::cpu;
    std::int64_t device = 0;
    check(abi::TRITONBACKEND_InputBuffer(input.input, k, &data, &size, &memory, &device));
    if (begin < at + size) {
      const std::size_t from = begin - at;
      const std::size_t part = std::min<std::size_t>(bytes, size - from);
      const std::byte* const source = static_cast<const std::byte*>(data) + from;
      if (memory == abi::MemoryType::gpu) {
        as_bytes(to, part, abi::MemoryType::cpu, 0).copy_from(as_bytes(source, part, memory, device));
      } else {
        std::memcpy(to, source, part);
      }
      begin += part;
      to += part;
      bytes -= part;
    }
    at += size;
  }
}

void Request::make_output(const TensorConfig& config, std::span<const std::int64_t> shape) {
  if (response_ == nullptr) check(abi::TRITONBACKEND_ResponseNew(&response_, request_));
  abi::Output* output = nullptr;
  check(abi::TRITONBACKEND_ResponseOutput(response_, &output, config.name.c_str(), config.type, shape.data(),
                                          static_cast<std::uint32_t>(shape.size())));
  Buffer buffer;
  buffer.bytes = size_of(dtype_of_data(config.type, config.name));
  for (const std::int64_t size : shape) buffer.bytes *= static_cast<std::size_t>(size);
  void* data = nullptr;
  check(abi::TRITONBACKEND_OutputBuffer(output, &data, buffer.bytes, &buffer.memory, &buffer.device));
  buffer.data = static_cast<std::byte*>(data);
  outputs_.push_back(buffer);
}

void Request::write(std::size_t output, std::size_t begin, const std::byte* from, std::size_t bytes) {
  const Buffer& buffer = outputs_.at(output);
  if (begin > buffer.bytes || bytes > buffer.bytes - begin)
    throw RuntimeError("rondo: an output of " + std::to_string(buffer.bytes) + " bytes is written past its end");
  if (buffer.memory == abi::MemoryType::gpu) {
    as_bytes(buffer.data + begin, bytes, buffer.memory, buffer.device)
        .copy_from(as_bytes(from, bytes, abi::MemoryType::cpu, 0));
  } else {
    std::memcpy(buffer.data + begin, from, bytes);
  }
}

void Request::fail(std::string message, abi::ErrorCode code) {
  if (failed()) return;
  error_ = std::move(message);
  code_ = code;
}

void Request::send() {
  if (failed() && response_ != nullptr) {  // half an answer
    note(abi::TRITONBACKEND_ResponseDelete(response_));
    response_ = nullptr;
  }
  if (response_ == nullptr) check(abi::TRITONBACKEND_ResponseNew(&response_, request_));
  abi::Error* const error = failed() ? abi::TRITONSERVER_ErrorNew(code_, error_.c_str()) : nullptr;
  abi::Response* const response = std::exchange(response_, nullptr);
  abi::Error* const refused = abi::TRITONBACKEND_ResponseSend(response, abi::kResponseFinal, error);
  if (error != nullptr) abi::TRITONSERVER_ErrorDelete(error);
  check(refused);
}

void Request::release() { note(abi::TRITONBACKEND_RequestRelease(request_, abi::kReleaseAll)); }

}  // namespace rondo::triton
