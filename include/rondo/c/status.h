/// What a call of rondo_c.h returns, why it failed, and memory that the library gave to the caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What became of a call.
typedef int32_t rondo_status;

/// Values of rondo_status.
enum {
  RONDO_OK = 0,
  RONDO_INVALID_VALUE = 1,   ///< an argument has a value, shape, dtype or file content that cannot be used
  RONDO_INVALID_TYPE = 2,    ///< an argument has the wrong kind
  RONDO_UNSUPPORTED = 3,     ///< the object, or this build, does not have what was asked for
  RONDO_RUNTIME_ERROR = 4,   ///< the operating system or a library refused a call
  RONDO_OUT_OF_MEMORY = 5,   ///< on the CPU or on a device
  RONDO_DEVICE_ERROR = 6,    ///< a CUDA device or one of its libraries failed
  RONDO_INVALID_HANDLE = 7,  ///< a handle is null, was closed, or is of another kind
  RONDO_INTERNAL_ERROR = 8   ///< an error that Rondo did not expect
};

/// The version of the interface that this header declares: the number in the name librondo_c.so.0.
#define RONDO_C_VERSION 0

/// The version of the library, such as "0.2.0". Never freed.
const char* rondo_version(void);
/// RONDO_C_VERSION of the library that was loaded.
int32_t rondo_c_version(void);

/// The name of a status, such as "RONDO_INVALID_VALUE"; "unknown status" for other numbers. Never freed.
const char* rondo_status_name(rondo_status status);

/// Why the last call of this thread that failed did so: "T: got -1, expected at least 0". Empty where none has failed.
/// The text is the library's, and stays until the next call of this thread that fails.
const char* rondo_last_error(void);

/// The parts of rondo_last_error(). The texts are the library's, as that text is.
typedef struct rondo_error {
  size_t struct_size;
  int64_t status;        ///< a rondo_status
  const char* message;   ///< as rondo_last_error()
  const char* argument;  ///< which argument; empty where the message has no parts
  const char* came;      ///< what came
  const char* expected;  ///< what was expected
} rondo_error;

/// Writes the parts of the last error of this thread.
rondo_status rondo_last_error_parts(rondo_error* error);

/// Frees a text or bytes that a function gave. Null is nothing to free.
void rondo_free(void* memory);

#ifdef __cplusplus
}
#endif
