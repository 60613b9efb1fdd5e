/// What the runtime asks for Rondo's execution provider.
#pragma once

#include "runtime.h"

namespace rondo::ort {

/// Makes a provider for each session that wants one, on the CPU.
class Factory final : public OrtEpFactory {
 public:
  explicit Factory(const OrtApi& api);

 private:
  void list_devices(const OrtHardwareDevice* const* devices, std::size_t device_count, OrtEpDevice** listed,
                    std::size_t most, std::size_t* count);

  const Runtime runtime_;
};

}  // namespace rondo::ort
