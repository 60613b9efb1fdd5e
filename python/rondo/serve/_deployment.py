"""The deployment of Ray Serve: a SessionService in each replica."""

import asyncio
from typing import Any, AsyncIterator, Callable, Dict, Mapping, Optional, Tuple, Union

from ray import serve
from ray.serve.config import AutoscalingConfig, RequestRouterConfig
from ray.serve.grpc_util import RayServegRPCContext
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from .. import LoadedNetwork
from . import _grpc, _http
from ._actor_store import ActorStore, Keeper
from ._errors import StoreUnavailable
from ._messages import Answer, Chunk
from ._metrics import prometheus
from ._router import SessionRouter
from ._service import ServiceOptions, SessionService
from ._store import StateStore
from ._streams import StreamOptions, Streams

REPORT_SECONDS = 1.0


class SessionReplica:
    """A replica: chunks come over HTTP, over gRPC, and by handles of Ray Serve."""

    def __init__(self, load: Callable[[], LoadedNetwork], store: Callable[[], StateStore], model: str,
                 streams: StreamOptions, service: ServiceOptions):
        self._model = model
        self._service = SessionService(Streams(load(), streams), store(), service)
        context = serve.get_replica_context()
        self._keeper = Keeper(f"numbers of {context.app_name}/{model}")
        self._node = context.replica_id.unique_id  # as routers place it on their rings
        self._reporter: Optional["asyncio.Task[None]"] = None

    async def __call__(self, request: Request) -> Response:
        """POST / and POST /stream are those of rondo.serve._http; GET /metrics and GET /numbers of all replicas."""
        path = request.scope["path"].rstrip("/")
        if request.method == "GET" and path.endswith("/metrics"):
            return PlainTextResponse(prometheus(await self.reports(), self._model))
        if request.method == "GET" and path.endswith("/numbers"):
            return JSONResponse(await self.reports())
        return await _http.answer(request, self._service)

    async def apply(self, chunk: Chunk) -> Answer:
        """For `handle.options(session_id=chunk.session).apply.remote(chunk)`."""
        return await self._service.apply(chunk)

    async def Apply(self, request: Any, grpc_context: RayServegRPCContext) -> Any:
        return await _grpc.apply(request, grpc_context, self._service)

    async def Stream(self, request: Any, grpc_context: RayServegRPCContext) -> AsyncIterator[Any]:
        async for answer in _grpc.stream(request, grpc_context, self._service):
            yield answer

    async def reports(self) -> Mapping[str, Dict[str, Any]]:
        """The numbers of all replicas, those of others as of a second ago, by name."""
        try:
            await self._report()
            return await self._keeper.ask("reports")
        except StoreUnavailable:
            return {self._service.name: self._numbers()}

    async def check_health(self) -> None:
        if self._reporter is None:
            await self._service.check_store()
            self._reporter = asyncio.get_running_loop().create_task(self._report_always())
        await self._service.check()

    def __del__(self) -> None:
        if hasattr(self, "_service"):
            self._service.stop()

    def _numbers(self) -> Dict[str, Any]:
        return {**self._service.numbers(), "node": self._node}

    async def _report(self) -> None:
        await self._keeper.ask("report", self._service.name, self._numbers())

    async def _report_always(self) -> None:
        while True:
            try:
                await self._report()
            except StoreUnavailable:  # a later report makes the actor anew
                pass
            await asyncio.sleep(REPORT_SECONDS)


def application(load: Callable[[], LoadedNetwork], *, store: Callable[[], StateStore] = ActorStore,
                model: str = "rondo", replicas: Union[int, Tuple[int, int]] = 1, queue: float = 16.0,
                autoscaling: Optional[Mapping[str, Any]] = None, streams: StreamOptions = StreamOptions(),
                service: ServiceOptions = ServiceOptions(), cpus: float = 1.0, version: Optional[str] = None,
                **options: Any) -> Any:
    """A deployment for `ray.serve.run(application(...))`.

    load      makes the network, in each replica: a function that Ray can send there
    store     makes the store, in each replica: ActorStore, or functools.partial(RedisStore, "redis://...")
    model     names the deployment, and its metrics
    replicas  their number; or the least and the most, of which Ray takes as many as there are `queue` chunks under way
              for each
    autoscaling  more of ray.serve.config.AutoscalingConfig's
    streams   of the pool and the batcher in each replica
    service   time-outs, and how long sessions live
    cpus      that Ray reserves for a replica
    version   of code and model: the same one again changes the number of replicas alone, and whatever else Ray changes
              in place. Without it, or with another one, Ray replaces all replicas
    options   more of ray.serve.deployment's
    """
    if isinstance(replicas, tuple):
        least, most = replicas
        options["autoscaling_config"] = AutoscalingConfig(min_replicas=least, max_replicas=most,
                                                          target_ongoing_requests=queue, **(autoscaling or {}))
    else:
        options["num_replicas"] = replicas
    options.setdefault("max_ongoing_requests", max(2 * int(queue), 2 * streams.max_rows))
    actor = {"num_cpus": cpus, **options.pop("ray_actor_options", {})}
    deployed = serve.deployment(
        SessionReplica, name=model, ray_actor_options=actor,
        request_router_config=RequestRouterConfig(request_router_class=SessionRouter), **options)
    if version is not None:
        deployed = deployed.options(version=version, _internal=True)  # Ray has no other way from Python
    return deployed.bind(load, store, model, streams, service)


__all__ = ["SessionReplica", "application"]
