"""Chunks over gRPC: the messages and the service of sessions.proto, made when this module is imported.

Without a compiler of .proto files the package depends on no version of one. A test holds the two equal.
"""

from typing import Any, AsyncIterator, Dict, Tuple

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from ._errors import SessionError
from ._messages import Answer, Chunk, decode_array
from ._service import SessionService

SERVICE = "rondo.serve.Sessions"
_Field = descriptor_pb2.FieldDescriptorProto
_FIELDS: Dict[str, Tuple[Tuple[str, int], ...]] = {
    "ChunkRequest": (("session", _Field.TYPE_STRING), ("ticket", _Field.TYPE_STRING), ("number", _Field.TYPE_UINT64),
                     ("x", _Field.TYPE_BYTES), ("end", _Field.TYPE_BOOL), ("steps_a_piece", _Field.TYPE_UINT32)),
    "ChunkAnswer": (("number", _Field.TYPE_UINT64), ("y", _Field.TYPE_BYTES), ("again", _Field.TYPE_BOOL)),
}


def file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    """What sessions.proto says."""
    file = descriptor_pb2.FileDescriptorProto(name="sessions.proto", package="rondo.serve", syntax="proto3")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, 1):
            message.field.add(name=field, number=number, type=kind, label=_Field.LABEL_OPTIONAL,
                              json_name=_camel(field))
    service = file.service.add(name="Sessions")
    for name in ("Apply", "Stream"):
        service.method.add(name=name, input_type=".rondo.serve.ChunkRequest", output_type=".rondo.serve.ChunkAnswer",
                           server_streaming=True if name == "Stream" else None)
    return file


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_pool = descriptor_pool.DescriptorPool()
_pool.Add(file_descriptor())


def _message(name: str) -> Any:
    made = message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"rondo.serve.{name}"))
    made.__module__ = __name__  # so that Ray can pickle messages
    return made


ChunkRequest = _message("ChunkRequest")
ChunkAnswer = _message("ChunkAnswer")


def add_sessions_to_server(servicer: Any, server: Any) -> None:
    """Registers a servicer with the methods Apply and Stream; Ray's gRPC proxies call it by its name."""
    formats = {"request_deserializer": ChunkRequest.FromString, "response_serializer": ChunkAnswer.SerializeToString}
    handlers = {"Apply": grpc.unary_unary_rpc_method_handler(servicer.Apply, **formats),
                "Stream": grpc.unary_stream_rpc_method_handler(servicer.Stream, **formats)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


class SessionsStub:
    """The service, for clients: `stub.Apply(ChunkRequest(...), metadata=(("session_id", ...), ...))`."""

    def __init__(self, channel: Any):
        formats = {"request_serializer": ChunkRequest.SerializeToString,
                   "response_deserializer": ChunkAnswer.FromString}
        self.Apply = channel.unary_unary(f"/{SERVICE}/Apply", **formats)
        self.Stream = channel.unary_stream(f"/{SERVICE}/Stream", **formats)


async def apply(request: Any, context: Any, service: SessionService) -> Any:
    try:
        return _answer(await service.apply(_chunk(request)))
    except SessionError as error:
        _tell(context, error)
        raise


async def stream(request: Any, context: Any, service: SessionService) -> AsyncIterator[Any]:
    try:
        async for piece in service.stream(_chunk(request), request.steps_a_piece):
            yield ChunkAnswer(number=request.number, y=piece)
    except SessionError as error:
        _tell(context, error)
        raise


def _chunk(request: Any) -> Chunk:
    return Chunk(request.session, request.ticket, request.number, decode_array(request.x), request.end)


def _answer(answer: Answer) -> Any:
    return ChunkAnswer(number=answer.number, y=answer.data, again=answer.again)


def _tell(context: Any, error: SessionError) -> None:
    context.set_code(grpc.StatusCode[error.kind.grpc])
    context.set_details(str(error))


__all__ = ["SERVICE", "ChunkAnswer", "ChunkRequest", "SessionsStub", "add_sessions_to_server", "apply",
           "file_descriptor", "stream"]
