#include "c_api/session_object.h"

#include <cstddef>
#include <vector>

#include "c_api/borrowed.h"
#include "c_api/sized_struct.h"
#include "c_api/state_list.h"

namespace rondo::c_api {
namespace {

// The states of a run: all, or none.
std::vector<Tensor> states_of(const rondo_dl_tensor* const* states, std::size_t count, std::size_t all,
                              const char* name) {
  return count == 0 && states == nullptr ? std::vector<Tensor>{} : borrowed_list(states, count, all, name);
}

struct States {
  std::vector<Tensor> initial;
  std::vector<Tensor> final;
};

States states_of(const rondo_run& run, std::size_t all) {
  return {states_of(run.initial_states, run.initial_state_count, all, "initial_states"),
          states_of(run.final_states, run.final_state_count, all, "final_states")};
}

void run_session(Session& session, const rondo_run& run) {
  const States states = states_of(run, static_cast<std::size_t>(state_count(session.plan().spec().cell.kind)));
  session.run({.x = borrowed(run.x, "x"),
               .mask = borrowed_if_given(run.mask, "mask"),
               .lengths = borrowed_if_given(run.lengths, "lengths"),
               .resets = borrowed_if_given(run.resets, "resets"),
               .initial_state = states.initial,
               .y = borrowed_if_given(run.y, "y"),
               .final_state = states.final});
}

void run_session(NetworkSession& session, const rondo_run& run) {
  const NetworkSpec& spec = session.plan().spec();
  const States states = states_of(run, state_features(spec).size());
  session.run({.x = borrowed(run.x, "x"),
               .mask = borrowed_if_given(run.mask, "mask"),
               .lengths = borrowed_if_given(run.lengths, "lengths"),
               .resets = borrowed_if_given(run.resets, "resets"),
               .y = borrowed_if_given(run.y, "y"),
               .layers = layer_tensors(spec, states.initial, states.final)});
}

}  // namespace

void SessionObject::run(const rondo_run& run) {
  const OneThread::Entered entered(one_thread_, "session");
  std::visit([&](auto& session) { run_session(session, run); }, session_);
}

SessionStatus SessionObject::finish() {
  const OneThread::Entered entered(one_thread_, "session");
  return std::visit([](auto& session) { return session.finish(); }, session_);
}

void SessionObject::reload_weights() {
  const OneThread::Entered entered(one_thread_, "session");
  std::visit([](auto& session) { session.reload_weights(); }, session_);
}

void write_status(rondo_run_status* status, const SessionStatus& found) {
  if (status == nullptr) return;
  write_sized(status, "status",
              rondo_run_status{.struct_size = 0,
                               .length_out_of_range = found.length_out_of_range ? 1 : 0,
                               .stalled = found.stalled ? 1 : 0});
}

std::string SessionObject::explain() {
  return std::visit([](auto& session) { return session.plan().explain(); }, session_);
}

}  // namespace rondo::c_api
