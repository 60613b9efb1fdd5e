/// Streams through one whole model, stepped together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/models/model.h"

namespace rondo::triton {

/// The states of streams by place. A call copies those of its streams into a ModelStream of as many rows, makes a step
/// there, and copies them back.
class StreamBatches {
 public:
  /// Plans calls of up to `most_rows` streams, whose steps are as `frame`, (1, ...) on the host.
  StreamBatches(const Model& model, std::int64_t places, std::int64_t most_rows, const Tensor& frame);

  /// The stream of a place begins anew.
  void reset(std::int64_t place) const;
  /// Where the inputs of a call of `rows` streams are to be written: (B, ...) on the host, of B rows at least.
  const Tensor& inputs(std::int64_t rows) { return batch_of(rows).x; }
  /// Makes a step of each of these streams, with the first rows of `inputs`. The result (B, ...) is on the host. Where
  /// a layer refuses a value, by `ValueError`, no stream has changed.
  Tensor step(std::span<const std::int64_t> places);

 private:
  /// Calls of one number of rows.
  struct Batch {
    ModelStream stream;
    std::vector<Tensor> states;  ///< of the stream
    Tensor x;
  };

  Batch& batch_of(std::int64_t rows);

  std::vector<std::int64_t> sizes_;
  std::vector<Batch> batches_ = {};  ///< for each of the sizes
  std::vector<Tensor> states_ = {};  ///< of all places: (places, ...), as those of a batch
};

}  // namespace rondo::triton
