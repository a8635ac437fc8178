"""Does with the real Redis backend what the lines of standard input say.

    redisstore.py URL KIND

KIND is starlite, or of Litestar: litestar, factory (the "sessions" of a registry whose
default factory is root.with_namespace), none (no namespace), or valkey. The methods are
the backend's, see calls.py.
"""

import sys

import calls

url, kind = sys.argv[1:]

if kind == "starlite":
    from redis.asyncio import Redis
    from starlite.middleware.session.redis_backend import RedisBackendConfig

    redis = Redis.from_url(url)

    def backend(max_age=60):
        config = RedisBackendConfig(redis=redis, max_age=max_age)
        return config._backend_class(config)

    def set_(id, data, max_age):
        return backend(max_age).set(id, data.encode())
else:
    from litestar.stores.redis import RedisStore
    from litestar.stores.registry import StoreRegistry
    from litestar.stores.valkey import ValkeyStore

    if kind == "valkey":
        store = ValkeyStore.with_client(url)
    elif kind == "none":
        store = RedisStore.with_client(url, namespace=None)
    else:
        store = RedisStore.with_client(url)
    if kind == "factory":
        store = StoreRegistry(default_factory=store.with_namespace).get("sessions")

    def backend():
        return store

    def set_(id, data, max_age):
        return store.set(id, data, expires_in=max_age)


calls.run(lambda method: set_ if method == "set" else getattr(backend(), method))
