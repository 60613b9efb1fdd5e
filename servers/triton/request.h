/// One request of a batch, and its answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "abi.h"
#include "model_config.h"
#include "rondo/serving/stream_batcher.h"
#include "rondo/tensor/tensor.h"

namespace rondo::triton {

/// An input of a request: its shape with the batch, and its elements, which lie in one or several buffers.
struct RequestInput {
  std::span<const std::int64_t> shape = {};
  abi::Input* input = nullptr;
  std::uint32_t buffers = 0;
};

/// A request, from its arrival to its release.
class Request {
 public:
  /// Reads flags and sequence. Throws `RuntimeError` where the server itself fails.
  Request(abi::Request* request, const ModelConfig& config);

  /// Whether this is a request of a client, and not what the server fills a gap of a direct batch with.
  bool is_ready() const { return ready_; }
  bool starts() const { return starts_; }
  bool ends() const { return ends_; }
  /// The sequence: the request's own ID, never a control input, in which texts would be numbers.
  const StreamKey& sequence() const { return sequence_; }

  /// An input whose data type, shape and bytes are those of `config`: dims of -1 may be any size from 1 up. Throws
  /// `ValueError` naming the input.
  RequestInput input(const TensorConfig& config) const;
  /// Copies bytes `begin` to `begin + bytes` of an input to the host.
  static void copy(const RequestInput& input, std::size_t begin, std::byte* to, std::size_t bytes);

  /// Makes room for an output, whose shape has the batch.
  void make_output(const TensorConfig& config, std::span<const std::int64_t> shape);
  /// Writes bytes `begin` to `begin + bytes` of an output: number 0 is the one that was made first.
  void write(std::size_t output, std::size_t begin, const std::byte* from, std::size_t bytes);

  /// The request's answer becomes this error.
  void fail(std::string message, abi::ErrorCode code = abi::ErrorCode::invalid_argument);
  bool failed() const { return !error_.empty(); }
  /// Rows of the batch that the request has, for statistics.
  std::int64_t rows() const { return rows_; }
  void set_rows(std::int64_t rows) { rows_ = rows; }

  /// Sends the answer. Afterwards nothing but release may be called.
  void send();
  /// Tells the server that the request is over.
  void release();
  abi::Request* get() const { return request_; }

 private:
  struct Buffer {
    std::byte* data = nullptr;
    std::size_t bytes = 0;
    abi::MemoryType memory = abi::MemoryType::cpu;
    std::int64_t device = 0;
  };

  void read_sequence();
  bool read_ready(const ReadyControl& control) const;

  abi::Request* request_;
  abi::Response* response_ = nullptr;
  StreamKey sequence_ = std::uint64_t{0};
  bool ready_ = true;
  bool starts_ = false;
  bool ends_ = false;
  std::int64_t rows_ = 1;
  std::vector<Buffer> outputs_ = {};
  std::string error_ = {};
  abi::ErrorCode code_ = abi::ErrorCode::invalid_argument;
};

}  // namespace rondo::triton
