/// What keeps oneDNN whole in a child of fork(). Floor 2.
#pragma once

#include "vocabulary/fork.h"

namespace rondo {

/// Shared by every thread that is inside of oneDNN: its caches have locks of its own, which a child would find taken.
ForkLock& onednn_under_way();

}  // namespace rondo
