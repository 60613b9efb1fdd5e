#include "factory.h"

#include "provider.h"

namespace rondo::ort {

Factory::Factory(const OrtApi& api) : OrtEpFactory{}, runtime_(api) {
  ort_version_supported = kInterface;
  GetName = [](const OrtEpFactory*) noexcept { return kProviderName; };
  GetVendor = [](const OrtEpFactory*) noexcept { return "Rondo"; };
  GetVendorId = [](const OrtEpFactory*) noexcept { return std::uint32_t{0}; };
  GetVersion = [](const OrtEpFactory*) noexcept { return RONDO_VERSION; };
  GetSupportedDevices = [](OrtEpFactory* self, const OrtHardwareDevice* const* devices, std::size_t device_count,
                           OrtEpDevice** listed, std::size_t most, std::size_t* count) noexcept {
    auto& factory = *static_cast<Factory*>(self);
    return factory.runtime_.guarded([&] { factory.list_devices(devices, device_count, listed, most, count); });
  };
  CreateEp = [](OrtEpFactory* self, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const*, std::size_t,
                const OrtSessionOptions* options, const OrtLogger* logger, OrtEp** made) noexcept {
    const auto& factory = *static_cast<Factory*>(self);
    return factory.runtime_.guarded(
        [&] { *made = new Provider(factory.runtime_, *logger, read_options(factory.runtime_, *options)); });
  };
  ReleaseEp = [](OrtEpFactory*, OrtEp* provider) noexcept { delete static_cast<Provider*>(provider); };
  // All memory is the CPU's, which the runtime itself allocates.
  CreateAllocator = [](OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*,
                       OrtAllocator** allocator) noexcept -> OrtStatus* {
    *allocator = nullptr;
    return nullptr;
  };
  ReleaseAllocator = [](OrtEpFactory*, OrtAllocator*) noexcept {};
  CreateDataTransfer = [](OrtEpFactory*, OrtDataTransferImpl** transfer) noexcept -> OrtStatus* {
    *transfer = nullptr;
    return nullptr;
  };
  IsStreamAware = [](const OrtEpFactory*) noexcept { return false; };
}

void Factory::list_devices(const OrtHardwareDevice* const* devices, std::size_t device_count, OrtEpDevice** listed,
                           std::size_t most, std::size_t* count) {
  *count = 0;
  for (std::size_t k = 0; k < device_count && *count < most; ++k) {
    if (runtime_.api().HardwareDevice_Type(devices[k]) != OrtHardwareDeviceType_CPU) continue;
    runtime_.check(runtime_.provider().CreateEpDevice(this, devices[k], nullptr, nullptr, &listed[*count]));
    ++*count;
    return;  // one is enough: the CPU's threads are all alike
  }
}

}  // namespace rondo::ort
