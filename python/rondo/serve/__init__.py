"""Sessions of recurrent models on many machines, with Ray Serve: none is lost, and no chunk is applied twice.

    application(load, ...)  a deployment for serve.run; needs Ray, pip install 'rondo[serve]'
    SessionClient           a client over HTTP
    RedisStore, ActorStore  where the states are between chunks, and MemoryStore for tests
    SessionService          what a replica does, without Ray: for servers of your own
    HashRing                which replica has a session

The guide is docs/guide/ray.md, and docs/design/scale.md tells how far it goes.
"""

import importlib
from typing import TYPE_CHECKING

from ._client import SessionClient
from ._errors import ERROR_KINDS, SessionError, StoreUnavailable
from ._hash_ring import HashRing
from ._messages import Answer, Chunk
from ._metrics import prometheus
from ._redis_store import RedisStore
from ._service import ServiceOptions, SessionService
from ._store import MemoryStore, StateStore, Stored
from ._streams import StreamOptions, Streams

__all__ = ["ERROR_KINDS", "ActorStore", "Answer", "Chunk", "HashRing", "MemoryStore", "RedisStore", "ServiceOptions",
           "SessionClient", "SessionError", "SessionService", "StateStore", "Stored", "StoreUnavailable",
           "StreamOptions", "Streams", "application", "prometheus"]

_NEED_RAY = {"ActorStore": "_actor_store", "application": "_deployment"}

if TYPE_CHECKING:
    from ._actor_store import ActorStore as ActorStore
    from ._deployment import application as application
else:

    def __getattr__(name):
        """Imports what needs Ray at its first use."""
        if name not in _NEED_RAY:
            raise AttributeError(f"module 'rondo.serve' has no attribute {name!r}")
        try:
            return getattr(importlib.import_module(f"rondo.serve.{_NEED_RAY[name]}"), name)
        except ModuleNotFoundError as error:
            if error.name and error.name.split(".")[0] == "ray":
                raise ImportError(f"rondo.serve.{name} needs Ray: pip install 'rondo[serve]'") from None
            raise
