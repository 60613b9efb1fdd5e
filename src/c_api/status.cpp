#include "rondo/c/status.h"

const char* rondo_version() { return RONDO_VERSION; }

int32_t rondo_c_version() { return RONDO_C_VERSION; }

const char* rondo_status_name(rondo_status status) {
  switch (status) {
    case RONDO_OK: return "RONDO_OK";
    case RONDO_INVALID_VALUE: return "RONDO_INVALID_VALUE";
    case RONDO_INVALID_TYPE: return "RONDO_INVALID_TYPE";
    case RONDO_UNSUPPORTED: return "RONDO_UNSUPPORTED";
    case RONDO_RUNTIME_ERROR: return "RONDO_RUNTIME_ERROR";
    case RONDO_OUT_OF_MEMORY: return "RONDO_OUT_OF_MEMORY";
    case RONDO_DEVICE_ERROR: return "RONDO_DEVICE_ERROR";
    case RONDO_INVALID_HANDLE: return "RONDO_INVALID_HANDLE";
    case RONDO_INTERNAL_ERROR: return "RONDO_INTERNAL_ERROR";
    default: return "unknown status";
  }
}
