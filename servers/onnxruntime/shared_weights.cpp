#include "shared_weights.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <span>
#include <vector>

#include "counts.h"
#include "serving/checksum.h"

namespace rondo::ort {
namespace {

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.data()),
          static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype())};
}

/// The tensors of a node, in one order. Those of onnx_cells have no gaps.
std::vector<Tensor> tensors_of(const OnnxNodeWeights& node) {
  std::vector<Tensor> tensors;
  for (const OnnxCell& cell : node.cells) {
    tensors.push_back(cell.weights.kernel.contiguous());
    tensors.push_back(cell.weights.recurrent_kernel.contiguous());
    if (cell.weights.bias) tensors.push_back(cell.weights.bias->contiguous());
    if (cell.weights.peepholes) tensors.push_back(cell.weights.peepholes->contiguous());
  }
  return tensors;
}

std::uint64_t checksum_of(const OnnxNodeWeights& node) {
  Checksum sum;
  for (const Tensor& tensor : tensors_of(node)) sum.add(bytes_of(tensor));
  return sum.sum();
}

bool same_operator(const OnnxNodeWeights& a, const OnnxNodeWeights& b) {
  const auto same_cell = [](const OnnxCell& one, const OnnxCell& other) {
    return one.cell == other.cell && one.activations == other.activations;
  };
  return a.op.direction == b.op.direction && a.op.batch_major == b.op.batch_major &&
         a.op.input_forget == b.op.input_forget && a.op.clip == b.op.clip &&
         std::equal(a.cells.begin(), a.cells.end(), b.cells.begin(), b.cells.end(), same_cell);
}

bool same_weights(const OnnxNodeWeights& a, const OnnxNodeWeights& b) {
  const auto same_tensor = [](const Tensor& one, const Tensor& other) {
    const std::span<const std::byte> bytes = bytes_of(one);
    return one.dtype() == other.dtype() && one.shape() == other.shape() &&
           (bytes.empty() || std::memcmp(bytes.data(), other.data(), bytes.size()) == 0);
  };
  const std::vector<Tensor> ours = tensors_of(a);
  const std::vector<Tensor> theirs = tensors_of(b);
  return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), same_tensor);
}

/// Knows the weights that some session uses.
class Registry {
 public:
  std::shared_ptr<const OnnxNodeWeights> find_or_keep(std::shared_ptr<const OnnxNodeWeights> made) {
    const std::uint64_t sum = checksum_of(*made);
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const Entry& entry) { return entry.weights.expired(); });
    for (const Entry& entry : entries_) {
      if (entry.sum != sum) continue;
      const std::shared_ptr<const OnnxNodeWeights> known = entry.weights.lock();
      if (known == nullptr || !same_operator(*known, *made) || !same_weights(*known, *made)) continue;
      tally(Counted::shared_weights);
      return known;
    }
    tally(Counted::weights);
    entries_.push_back({.sum = sum, .weights = made});
    return made;
  }

 private:
  struct Entry {
    std::uint64_t sum = 0;
    std::weak_ptr<const OnnxNodeWeights> weights = {};
  };

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace

std::shared_ptr<const OnnxNodeWeights> shared_weights(const OnnxOperator& op, const OnnxWeights& weights) {
  static Registry* const registry = new Registry;  // sessions may outlive the destructors of static objects
  return registry->find_or_keep(std::make_shared<const OnnxNodeWeights>(op, weights));
}

}  // namespace rondo::ort
