"""RedisStore does what every store does, and says what it needs."""

import asyncio
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / 'python' / 'tests' / 'serve'))

import namespace  # noqa: E402

namespace.enter()

import redis_server  # noqa: E402
import store_checks  # noqa: E402

from rondo.serve import RedisStore, Stored, StoreUnavailable  # noqa: E402


class RedisTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(redis_server.RedisServer(cls.folder))

    def run_with_store(self, check, **options):
        async def bounded():
            store = RedisStore(self.server.url, prefix=f'{self.id()}:', **options)
            try:
                await asyncio.wait_for(check(store), 60)
            finally:
                await store.close()

        asyncio.run(bounded())

    def test_what_every_store_does(self):
        for check in (store_checks.check_unknown, store_checks.check_fences, store_checks.check_versions):
            with self.subTest(check.__name__):
                async def fresh(store, check=check):
                    store._prefix += check.__name__
                    await check(store)

                self.run_with_store(fresh)

    def test_sessions_are_forgotten_after_their_time(self):
        async def check(store):
            await store.claim('s', 'f')
            self.assertTrue(await store.save('s', 'f', 1, b'x', 0.2))
            self.assertEqual(await store.claim('s', 'g'), Stored(1, b'x'))
            await asyncio.sleep(0.4)
            self.assertFalse(await store.save('s', 'g', 2, b'y', 60))
            self.assertEqual(await store.claim('s', 'h'), Stored(0, None))
            found = await store._redis.pttl(store._prefix + 's')
            self.assertTrue(0 < found <= 60000, found)

        self.run_with_store(check)

    def test_records_survive_a_loss_of_power(self):
        async def check(store):
            await store.claim('s', 'f')
            self.assertTrue(await store.save('s', 'f', 1, bytes(range(256)), 600))
            self.server.kill()
            with self.assertRaises(StoreUnavailable):
                await store.claim('s', 'g')
            self.server.start()
            for _ in range(100):
                try:
                    self.assertTrue(await store.save('s', 'f', 2, b'two', 600))
                    break
                except StoreUnavailable:
                    await asyncio.sleep(0.05)
            self.assertEqual(await store.claim('s', 'g'), Stored(2, b'two'))

        self.run_with_store(check)

    def test_a_redis_that_may_lose_records_is_refused(self):
        async def set_to(store, value):
            await store._redis.config_set('appendfsync', value)

        async def check(store):
            await store.ping()
            await set_to(store, 'everysec')
            try:
                with self.assertRaisesRegex(ValueError, 'everysec'):
                    await store.ping()
            finally:
                await set_to(store, 'always')

        self.run_with_store(check)
        self.run_with_store(lambda store: store.ping(), durable=False)


if __name__ == '__main__':
    unittest.main(verbosity=2)
