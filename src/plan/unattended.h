/// Sessions that a layer or a function makes for itself. The code that makes such a session also asks for its status,
/// because the caller does not see the session.
#pragma once

#include "rondo/plan/network.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// Returns `options` for an unattended session on `stream`. While the stream is recorded in a graph, they exclude
/// kernels whose blocks wait for each other, because the status of a later replay cannot be asked for.
PlanOptions unattended(PlanOptions options, Stream stream);
NetworkOptions unattended(NetworkOptions options, Stream stream);

/// Calls `session.run(tensors)`, for a session on the calling thread's current stream. If the run may stall and is not
/// recorded, waits for it and returns the session's status, after which the results are right.
SessionStatus run_unattended(Session& session, const SessionTensors& tensors);
SessionStatus run_unattended(NetworkSession& session, const NetworkTensors& tensors);

/// The union of two statuses: each flag is set where `a` or `b` has it. The stall is that of `a` if `a` has stalled.
SessionStatus merged(const SessionStatus& a, const SessionStatus& b);

}  // namespace rondo
