/// The object of a `rondo_session`: a Session of one recurrence, or one of a network.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "c_api/exclusive.h"
#include "c_api/handles.h"
#include "rondo/c/session.h"
#include "rondo/plan/network.h"
#include "rondo/plan/plan.h"

namespace rondo::c_api {

class SessionObject {
 public:
  explicit SessionObject(Session session) : session_(std::move(session)) {}
  explicit SessionObject(NetworkSession session) : session_(std::move(session)) {}

  /// As the functions of rondo/c/session.h. Throw `RuntimeError` for a second thread.
  void run(const rondo_run& run);
  SessionStatus finish();
  void reload_weights();
  std::string explain();

 private:
  std::variant<Session, NetworkSession> session_;
  OneThread one_thread_;
};

/// Writes to a caller's struct, unless that is null.
void write_status(rondo_run_status* status, const SessionStatus& found);

template <>
struct HandleTraits<rondo_session> {
  using Object = SessionObject;
  static constexpr HandleKind kKind = HandleKind::session;
};

}  // namespace rondo::c_api
