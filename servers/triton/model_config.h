/// What a model's config.pbtxt says, as far as the backend reads it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "abi.h"
#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo::triton {

/// An input or an output.
struct TensorConfig {
  std::string name;
  abi::DataType type = abi::DataType::fp32;
  std::vector<std::int64_t> dims = {};  ///< without the batch; -1 for a size that requests choose
};

/// How requests become batches.
enum class Batching : std::uint8_t {
  stateless,        ///< requests have nothing to do with each other: the dynamic batcher, or none
  oldest_sequence,  ///< sequence_batching with `oldest`
  direct_sequence   ///< sequence_batching with `direct`
};

/// The control input that says whether a request of a batch is one, or fills a gap: CONTROL_SEQUENCE_READY.
struct ReadyControl {
  std::string name = {};  ///< empty: there is none
  abi::DataType type = abi::DataType::fp32;
  double ready = 1;
};

/// The `parameters` of the configuration.
struct Parameters {
  std::vector<std::string> parts = {};       ///< NetworkChoice::parts, between commas
  std::string weights = {};                  ///< NetworkChoice::weights
  Activation activation = Activation::tanh;  ///< NetworkChoice::activation
  std::string executor = {};                 ///< NetworkOptions::executor
  int threads = 0;                           ///< NetworkOptions::threads
  std::int64_t max_steps = 64;               ///< StatePoolOptions::max_steps
  bool refuse_nan = true;                    ///< whether NaN and infinity in an input are errors
};

struct ModelConfig {
  std::string name;
  std::string file = {};  ///< default_model_filename; empty: the only file of the version's folder
  std::int64_t max_batch_size = 0;
  std::vector<TensorConfig> inputs = {};
  std::vector<TensorConfig> outputs = {};
  Batching batching = Batching::stateless;
  std::int64_t sequences = 0;  ///< the most sequences at a time of an instance
  std::chrono::microseconds idle{0};
  ReadyControl ready = {};
  Parameters parameters = {};

  /// For states of sequences: no batch has more sequences than there are places.
  std::int64_t places() const { return std::max(sequences, max_batch_size); }
};

/// Reads the JSON that the server makes of a config.pbtxt. Throws `ValueError` naming the field, what came and what was
/// expected.
ModelConfig parse_model_config(std::string_view json);

/// Triton's name of a type, "TYPE_FP32".
std::string to_string(abi::DataType type);
/// Triton's type of a dtype, and the reverse, which throws `ValueError` naming `field` for types that Rondo lacks.
abi::DataType data_type_of(DType dtype);
DType dtype_of_data(abi::DataType type, const std::string& field);

}  // namespace rondo::triton
