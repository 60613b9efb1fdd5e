#include "rondo/vocabulary/error.h"

namespace rondo {

Error::Error(const std::string& message) : std::runtime_error(message), parts_(std::make_shared<const Parts>()) {}

Error::Error(const std::string& argument, const std::string& came, const std::string& expected)
    : std::runtime_error(argument + ": got " + came + ", expected " + expected),
      parts_(std::make_shared<const Parts>(Parts{argument, came, expected})) {}

}  // namespace rondo
