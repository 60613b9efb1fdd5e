"""What every store of rondo.serve does: each check is given an empty one."""

from rondo.serve import Stored


async def check_unknown(store):
    assert await store.claim("s", "f") == Stored(0, None)
    assert not await store.save("other", "f", 1, b"x", 60)
    assert await store.remove("s", "f") and not await store.remove("s", "f")
    assert not await store.save("s", "f", 1, b"x", 60)
    await store.ping()


async def check_fences(store):
    """A replica whose fence was replaced writes nothing any more, whatever it believes."""
    await store.claim("s", "first")
    assert await store.save("s", "first", 1, b"one", 60)
    assert await store.claim("s", "second") == Stored(1, b"one")
    assert not await store.save("s", "first", 2, b"late", 60)
    assert not await store.remove("s", "first")
    assert await store.save("s", "second", 2, b"two", 60)
    assert await store.claim("s", "third") == Stored(2, b"two")
    assert await store.claim("other", "third") == Stored(0, None)


async def check_versions(store):
    """A save may come twice, and late: it is applied once, and never undoes a later one."""
    await store.claim("s", "f")
    bytes_of_all_values = bytes(range(256)) * 40
    assert await store.save("s", "f", 1, bytes_of_all_values, 60)
    assert await store.save("s", "f", 1, bytes_of_all_values, 60)
    assert await store.save("s", "f", 2, b"", 60)
    assert not await store.save("s", "f", 1, bytes_of_all_values, 60)
    assert not await store.save("s", "f", 4, b"four", 60)
    assert await store.claim("s", "g") == Stored(2, b"")
