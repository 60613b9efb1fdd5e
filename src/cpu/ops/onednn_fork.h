/// The lock that keeps oneDNN usable in a child of fork().
#pragma once

#include "vocabulary/fork.h"

namespace rondo {

/// Every thread shares this lock during a call of oneDNN, whose caches have locks that a child would else find taken.
ForkLock& onednn_under_way();

}  // namespace rondo
