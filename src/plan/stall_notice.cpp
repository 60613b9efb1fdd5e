#include "plan/stall_notice.h"

#include <atomic>
#include <mutex>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "recurrence/buffers.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

// Page-locked memory is allocated by the page, which takes long, and words are needed one by one. A run may be in
// flight when its session is destroyed, so words are used again but never freed.
class Words {
 public:
  std::uint32_t* take() {
    const std::lock_guard held(lock_);
    if (free_.empty()) {
      std::uint32_t* words = cuda_runtime::allocate_host_words(kWordsOfPage);
      for (std::size_t k = 0; k < kWordsOfPage; ++k) free_.push_back(words + k);
      all_ += kWordsOfPage;
      free_.reserve(all_);  // so that `give_back` never allocates
    }
    std::uint32_t* word = free_.back();
    free_.pop_back();
    return word;
  }

  void give_back(std::uint32_t* word) {
    const std::lock_guard held(lock_);
    free_.push_back(word);
  }

 private:
  static constexpr std::size_t kWordsOfPage = 1024;

  ForkLock lock_;
  std::vector<std::uint32_t*> free_;
  std::size_t all_ = 0;
};

// Never destroyed, because sessions may outlive it otherwise.
Words& words() {
  static auto* const all = new Words;
  return *all;
}

}  // namespace

StallNotice::StallNotice(const Tensor& flags, Stream stream) : word_(words().take()) {
  clear();
  std::uint32_t** const place = stall_notice(static_cast<std::uint32_t*>(flags.data()));
  cuda_runtime::copy(place, &word_, sizeof(word_), stream);
}

StallNotice::~StallNotice() { words().give_back(word_); }

bool StallNotice::given() const { return std::atomic_ref(*word_).load(std::memory_order_acquire) != 0; }
void StallNotice::clear() { std::atomic_ref(*word_).store(0, std::memory_order_relaxed); }

}  // namespace rondo
