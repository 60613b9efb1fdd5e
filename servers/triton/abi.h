/// The part of Triton's C interface that the backend uses: functions of the server, which has them when it loads the
/// backend, and functions of the backend, which the server calls.
///
/// The interface is that of TRITONBACKEND 1.19. Objects are opaque, and belong to the server. A function returns null,
/// or an error that the caller deletes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rondo::triton::abi {

inline constexpr std::uint32_t kMajor = 1;
inline constexpr std::uint32_t kMinor = 19;

struct Error;
struct Message;
struct Backend;
struct Model;
struct Instance;
struct Request;
struct Response;
struct Input;
struct Output;
struct Parameter;
struct MetricFamily;
struct Metric;

enum class ErrorCode : std::int32_t {
  unknown,
  internal,
  not_found,
  invalid_argument,
  unavailable,
  unsupported,
  already_exists,
  cancelled
};

enum class DataType : std::int32_t {
  invalid,
  boolean,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  fp16,
  fp32,
  fp64,
  bytes,
  bf16
};

enum class MemoryType : std::int32_t { cpu, cpu_pinned, gpu };
enum class InstanceKind : std::int32_t { automatic, cpu, gpu, model };
enum class ArtifactType : std::int32_t { filesystem };
enum class LogLevel : std::int32_t { info, warning, error, verbose };
enum class ParameterType : std::int32_t { string, integer, boolean, real, bytes };
enum class MetricKind : std::int32_t { counter, gauge, histogram };

inline constexpr std::uint32_t kSequenceStart = 1;  ///< of TRITONBACKEND_RequestFlags
inline constexpr std::uint32_t kSequenceEnd = 2;
inline constexpr std::uint32_t kReleaseAll = 1;     ///< of TRITONBACKEND_RequestRelease
inline constexpr std::uint32_t kResponseFinal = 1;  ///< of TRITONBACKEND_ResponseSend

extern "C" {

// Errors, messages and the server's log.
Error* TRITONSERVER_ErrorNew(ErrorCode code, const char* text);
void TRITONSERVER_ErrorDelete(Error* error);
const char* TRITONSERVER_ErrorMessage(Error* error);
Error* TRITONSERVER_MessageSerializeToJson(Message* message, const char** text, std::size_t* bytes);
Error* TRITONSERVER_MessageDelete(Message* message);
Error* TRITONSERVER_LogMessage(LogLevel level, const char* file, int line, const char* text);

// Metrics of the backend's own, which the server's page of metrics shows.
Parameter* TRITONSERVER_ParameterNew(const char* name, ParameterType type, const void* value);
void TRITONSERVER_ParameterDelete(Parameter* parameter);
Error* TRITONSERVER_MetricFamilyNew(MetricFamily** family, MetricKind kind, const char* name, const char* description);
Error* TRITONSERVER_MetricNew(Metric** metric, MetricFamily* family, const Parameter** labels, std::uint64_t count);
Error* TRITONSERVER_MetricDelete(Metric* metric);
Error* TRITONSERVER_MetricIncrement(Metric* metric, double by);
Error* TRITONSERVER_MetricSet(Metric* metric, double value);

// What the server says of itself, of models and of instances.
Error* TRITONBACKEND_ApiVersion(std::uint32_t* major, std::uint32_t* minor);
Error* TRITONBACKEND_ModelName(Model* model, const char** name);
Error* TRITONBACKEND_ModelVersion(Model* model, std::uint64_t* version);
Error* TRITONBACKEND_ModelRepository(Model* model, ArtifactType* type, const char** location);
/// The configuration as JSON; the caller deletes the message.
Error* TRITONBACKEND_ModelConfig(Model* model, std::uint32_t version, Message** config);
Error* TRITONBACKEND_ModelState(Model* model, void** state);
Error* TRITONBACKEND_ModelSetState(Model* model, void* state);
Error* TRITONBACKEND_ModelInstanceName(Instance* instance, const char** name);
Error* TRITONBACKEND_ModelInstanceKind(Instance* instance, InstanceKind* kind);
Error* TRITONBACKEND_ModelInstanceDeviceId(Instance* instance, std::int32_t* device);
Error* TRITONBACKEND_ModelInstanceModel(Instance* instance, Model** model);
Error* TRITONBACKEND_ModelInstanceState(Instance* instance, void** state);
Error* TRITONBACKEND_ModelInstanceSetState(Instance* instance, void* state);
/// Times are nanoseconds of the monotonic clock.
Error* TRITONBACKEND_ModelInstanceReportStatistics(Instance* instance, Request* request, bool success,
                                                   std::uint64_t start, std::uint64_t compute_start,
                                                   std::uint64_t compute_end, std::uint64_t end);
Error* TRITONBACKEND_ModelInstanceReportBatchStatistics(Instance* instance, std::uint64_t rows, std::uint64_t start,
                                                        std::uint64_t compute_start, std::uint64_t compute_end,
                                                        std::uint64_t end);

// Requests and their answers. Names, shapes and buffers of inputs live as long as the request.
Error* TRITONBACKEND_RequestCorrelationId(Request* request, std::uint64_t* id);      ///< an error for a text
Error* TRITONBACKEND_RequestCorrelationIdString(Request* request, const char** id);  ///< an error for a number
Error* TRITONBACKEND_RequestFlags(Request* request, std::uint32_t* flags);
Error* TRITONBACKEND_RequestInput(Request* request, const char* name, Input** input);
Error* TRITONBACKEND_RequestRelease(Request* request, std::uint32_t flags);
Error* TRITONBACKEND_InputProperties(Input* input, const char** name, DataType* type, const std::int64_t** shape,
                                     std::uint32_t* rank, std::uint64_t* bytes, std::uint32_t* buffers);
/// Type and number of the memory are wishes, and then what the buffer has.
Error* TRITONBACKEND_InputBuffer(Input* input, std::uint32_t index, const void** buffer, std::uint64_t* bytes,
                                 MemoryType* memory, std::int64_t* memory_number);
Error* TRITONBACKEND_ResponseNew(Response** response, Request* request);
Error* TRITONBACKEND_ResponseDelete(Response* response);
Error* TRITONBACKEND_ResponseOutput(Response* response, Output** output, const char* name, DataType type,
                                    const std::int64_t* shape, std::uint32_t rank);
Error* TRITONBACKEND_OutputBuffer(Output* output, void** buffer, std::uint64_t bytes, MemoryType* memory,
                                  std::int64_t* memory_number);
/// Takes the response, and not the error.
Error* TRITONBACKEND_ResponseSend(Response* response, std::uint32_t flags, Error* error);

// What the backend defines.
Error* TRITONBACKEND_Initialize(Backend* backend);
Error* TRITONBACKEND_Finalize(Backend* backend);
Error* TRITONBACKEND_ModelInitialize(Model* model);
Error* TRITONBACKEND_ModelFinalize(Model* model);
Error* TRITONBACKEND_ModelInstanceInitialize(Instance* instance);
Error* TRITONBACKEND_ModelInstanceFinalize(Instance* instance);
/// Answers and releases all requests where it returns null, and none where it returns an error.
Error* TRITONBACKEND_ModelInstanceExecute(Instance* instance, Request** requests, std::uint32_t count);

}  // extern "C"

}  // namespace rondo::triton::abi
