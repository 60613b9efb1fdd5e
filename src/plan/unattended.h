/// Sessions that a layer or a function makes for itself. Their status is asked by the code that made them, because
/// nobody else knows of them. Floor 5.
#pragma once

#include "rondo/plan/network.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// `options` for such a session on `stream`: where the stream is being recorded in a graph, nobody can ask for the
/// status of what runs later, so that blocks of its kernels must not wait for each other.
PlanOptions unattended(PlanOptions options, Stream stream);
NetworkOptions unattended(NetworkOptions options, Stream stream);

/// `session.run(tensors)` on the calling thread's current stream, after which the results are right: waits for them
/// where the run may have stalled, and then returns what the session had to tell.
SessionStatus run_unattended(Session& session, const SessionTensors& tensors);
SessionStatus run_unattended(NetworkSession& session, const NetworkTensors& tensors);

/// What one or the other has told.
SessionStatus merged(const SessionStatus& a, const SessionStatus& b);

}  // namespace rondo
