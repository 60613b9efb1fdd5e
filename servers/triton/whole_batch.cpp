#include "whole_batch.h"

#include <algorithm>

#include "host_rows.h"
#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

std::size_t bytes_of(const RequestInput& input, const TensorConfig& config) {
  std::size_t bytes = size_of(dtype_of_data(config.type, config.name));
  for (const std::int64_t size : input.shape) bytes *= static_cast<std::size_t>(size);
  return bytes;
}

WholeRequest checked(Request& request, const ModelConfig& config) {
  WholeRequest whole{.request = &request};
  for (const TensorConfig& input : config.inputs) {
    whole.inputs.push_back(request.input(input));
    const std::int64_t rows = whole.inputs.back().shape[0];
    if (whole.inputs.size() > 1 && rows != whole.rows) {
      throw ValueError("input '" + input.name + "'", "a batch of " + std::to_string(rows),
                       std::to_string(whole.rows) + ", as the first input has");
    }
    whole.rows = rows;
  }
  if (whole.rows > config.max_batch_size) {
    throw ValueError("input '" + config.inputs.front().name + "'", "a batch of " + std::to_string(whole.rows),
                     "max_batch_size at most, " + std::to_string(config.max_batch_size));
  }
  request.set_rows(whole.rows);
  return whole;
}

bool have_same_shapes(const WholeRequest& first, const WholeRequest& second) {
  for (std::size_t k = 0; k < first.inputs.size(); ++k) {
    const auto a = first.inputs[k].shape.subspan(1);
    const auto b = second.inputs[k].shape.subspan(1);
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end())) return false;
  }
  return true;
}

}  // namespace

std::int64_t rows_of(const std::vector<WholeRequest>& group) {
  std::int64_t rows = 0;
  for (const WholeRequest& request : group) rows += request.rows;
  return rows;
}

std::vector<std::vector<WholeRequest>> same_shapes(std::span<Request> requests, const ModelConfig& config) {
  std::vector<std::vector<WholeRequest>> groups;
  for (Request& request : requests) {
    try {
      const WholeRequest whole = checked(request, config);
      const auto fits = [&](const std::vector<WholeRequest>& group) {
        return have_same_shapes(group.front(), whole) && rows_of(group) + whole.rows <= config.max_batch_size;
      };
      const auto found = std::find_if(groups.begin(), groups.end(), fits);
      if (found == groups.end()) {
        groups.push_back({whole});
      } else {
        found->push_back(whole);
      }
    } catch (const ValueError& error) {
      request.fail(error.what());
    }
  }
  return groups;
}

void copy_inputs(const std::vector<WholeRequest>& group, const ModelConfig& config, std::size_t k, std::byte* to) {
  const TensorConfig& tensor = config.inputs[k];
  const std::string place = "input '" + tensor.name + "'";
  for (const WholeRequest& whole : group) {
    const std::size_t bytes = bytes_of(whole.inputs[k], tensor);
    Request::copy(whole.inputs[k], 0, to, bytes);
    if (config.parameters.refuse_nan && !all_finite(to, bytes, dtype_of_data(tensor.type, place)))
      whole.request->fail(ValueError(place, "NaN or infinity", "numbers").what());
    to += bytes;
  }
}

void write_outputs(const std::vector<WholeRequest>& group, const TensorConfig& config, std::size_t k,
                   std::span<const std::int64_t> dims, const std::byte* from) {
  std::vector<std::int64_t> shape(dims.begin(), dims.end());
  shape.insert(shape.begin(), 0);
  for (const WholeRequest& whole : group) {
    shape[0] = whole.rows;
    std::size_t bytes = size_of(dtype_of_data(config.type, config.name));
    for (const std::int64_t size : shape) bytes *= static_cast<std::size_t>(size);
    if (!whole.request->failed()) {
      whole.request->make_output(config, shape);
      whole.request->write(k, 0, from, bytes);
    }
    from += bytes;
  }
}

}  // namespace rondo::triton
