/// Requests without sequences whose inputs have one shape, as one batch.
#pragma once

#include <span>
#include <vector>

#include "request.h"

namespace rondo::triton {

/// The inputs of a request, checked.
struct WholeRequest {
  Request* request = nullptr;
  std::vector<RequestInput> inputs = {};
  std::int64_t rows = 0;  ///< of the batch
};

/// Checks the inputs of all requests: those that do not fit the configuration, or have different batches, fail. Groups
/// the others by shapes, at most max_batch_size rows a group. Without allow_ragged_batch there is one group.
std::vector<std::vector<WholeRequest>> same_shapes(std::span<Request> requests, const ModelConfig& config);

/// The rows of all requests of a group.
std::int64_t rows_of(const std::vector<WholeRequest>& group);

/// Copies input `k` of all requests to `to`, one after the other. Requests with NaN fail, where these are refused, and
/// stay in the group.
void copy_inputs(const std::vector<WholeRequest>& group, const ModelConfig& config, std::size_t k, std::byte* to);
/// Makes output `k` of each request that has not failed, of its rows and of `dims`, and writes it from `from`.
void write_outputs(const std::vector<WholeRequest>& group, const TensorConfig& config, std::size_t k,
                   std::span<const std::int64_t> dims, const std::byte* from);

}  // namespace rondo::triton
