/// Reports to the log sink.
#pragma once

#include <string>

#include "rondo/vocabulary/log.h"

namespace rondo {

void log(LogLevel level, const std::string& message);

}  // namespace rondo
