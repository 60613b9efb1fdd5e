#include "rondo/c/session.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/plan_options.h"
#include "c_api/session_object.h"
#include "c_api/sized_struct.h"

namespace rondo::c_api {
namespace {

struct Deleter {
  void operator()(rondo_dl_managed* tensor) const { rondo_dl_free(tensor); }
};
using Owned = std::unique_ptr<rondo_dl_managed, Deleter>;

// Takes the tensors of a caller's struct. A tensor that stands there twice is taken once, and refused.
class TakenWeights {
 public:
  explicit TakenWeights(const rondo_weights& given) {
    rondo_dl_managed* const all[kCount] = {given.kernel, given.recurrent_kernel, given.bias, given.peepholes,
                                           given.projection};
    for (std::size_t k = 0; k < kCount; ++k) {
      if (std::find(all, all + k, all[k]) == all + k) {
        owned_[k].reset(all[k]);
      } else if (all[k] != nullptr) {
        repeated_ = kNames[k];
      }
    }
  }

  RecurrentWeights tensors() {
    if (repeated_ != nullptr) throw ValueError(repeated_, "a tensor that is another weight, too", "one of its own");
    return {.kernel = required(0),
            .recurrent_kernel = required(1),
            .bias = if_given(2),
            .peepholes = if_given(3),
            .projection = if_given(4)};
  }

 private:
  static constexpr std::size_t kCount = 5;
  static constexpr const char* kNames[kCount] = {"kernel", "recurrent_kernel", "bias", "peepholes", "projection"};

  Tensor required(std::size_t k) {
    if (owned_[k] == nullptr) throw ValueError(kNames[k], "null", "a tensor");
    return imported(owned_[k].release(), kNames[k]);
  }
  std::optional<Tensor> if_given(std::size_t k) {
    if (owned_[k] == nullptr) return std::nullopt;
    return required(k);
  }

  Owned owned_[kCount];
  const char* repeated_ = nullptr;
};

}  // namespace
}  // namespace rondo::c_api

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_session_create(rondo_plan* plan, const rondo_weights* weights, rondo_session** session) {
  return guarded([&] {
    TakenWeights taken(read_sized(weights, "weights"));  // first: they are taken also where something else fails
    rondo_session*& result = cleared(session, "session");
    const auto object = object_of(plan, "plan");
    result = handle_of<rondo_session>(std::make_shared<SessionObject>(Session(*object, taken.tensors())));
  });
}

rondo_status rondo_session_run(rondo_session* session, const rondo_run* run) {
  return guarded([&] { object_of(session, "session")->run(read_sized(run, "run")); });
}

rondo_status rondo_session_finish(rondo_session* session, rondo_run_status* status) {
  return guarded([&] {
    const auto object = object_of(session, "session");
    if (status != nullptr) checked_size(status, sizeof *status, "status");
    write_status(status, object->finish());
  });
}

rondo_status rondo_session_reload_weights(rondo_session* session) {
  return guarded([&] { object_of(session, "session")->reload_weights(); });
}

rondo_status rondo_session_explain(rondo_session* session, char** text) {
  return guarded([&] {
    char*& result = cleared(text, "text");
    result = given_text(object_of(session, "session")->explain());
  });
}

rondo_status rondo_session_close(rondo_session* session) {
  return guarded([&] { close_handle(session, "session"); });
}
