#include "cpu/fused/amx.h"

#include <cerrno>
#include <system_error>

#include "cpu/fused/processor_features.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace rondo::fused {
namespace {

int ask_linux() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM: headers before Linux 5.16 do not have it
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0 ? 0 : errno;
#else
  return ENOSYS;
#endif
}

}  // namespace

AmxPermission ask_for_amx(const std::string& features, int (*ask)()) {
  if (!has_feature(features, "amx_bf16") || !has_feature(features, "amx_int8")) {
    return {.has_instructions = false, .obstacle = "the processor has no AMX for bf16 and int8"};
  }
  const int error = ask();
  if (error == 0) return {.has_instructions = true};
  return {.has_instructions = true,
          .obstacle = "the operating system refuses AMX's registers: " + std::generic_category().message(error)};
}

const AmxPermission& amx_permission() {
  static const AmxPermission permission = ask_for_amx(processor_features(), ask_linux);
  return permission;
}

}  // namespace rondo::fused
