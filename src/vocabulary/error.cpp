#include "rondo/vocabulary/error.h"

namespace rondo {

Error::Error(const std::string& message) : std::runtime_error(message) {}

Error::Error(const std::string& argument, const std::string& came, const std::string& expected)
    : std::runtime_error(argument + ": got " + came + ", expected " + expected) {}

}  // namespace rondo
