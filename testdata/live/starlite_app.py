"""A Starlite v1 app whose routes show and change the session."""

from pathlib import Path

from pydantic import SecretBytes
from starlite import MediaType, Request, Response, Starlite, get, post
from starlite.middleware.session.cookie_backend import CookieBackendConfig
from starlite.middleware.session.file_backend import FileBackendConfig

from shared import (
    CHANGES,
    COOKIE,
    DIR,
    MAX_AGE,
    MEMCACHED,
    REDIS,
    SECRET,
    SQL,
    aes_expiry,
    change,
    show,
)


@get("/session")
async def read(request: Request) -> Response:
    return Response(show(request.session).encode(), status_code=200, media_type=MediaType.JSON)


@get("/expiry")
async def expiry(request: Request) -> str:
    return str(aes_expiry(request.cookies))


@post(CHANGES, status_code=200)
async def write(request: Request) -> Response:
    change(request.session, request.url.path, await request.body())
    return Response(show(request.session).encode(), status_code=200, media_type=MediaType.JSON)


plugins = []
if DIR:
    config = FileBackendConfig(storage_path=Path(DIR), key=COOKIE, max_age=MAX_AGE)
elif REDIS:
    from redis.asyncio import Redis
    from starlite.middleware.session.redis_backend import RedisBackendConfig

    config = RedisBackendConfig(redis=Redis.from_url(REDIS), key=COOKIE, max_age=MAX_AGE)
elif MEMCACHED:
    from aiomcache import Client
    from starlite.middleware.session.memcached_backend import MemcachedBackendConfig

    host, port = MEMCACHED.rsplit(":", 1)
    config = MemcachedBackendConfig(memcached=Client(host, int(port)), key=COOKIE, max_age=MAX_AGE)
elif SQL:
    import sql_models

    config = sql_models.config(key=COOKIE, max_age=MAX_AGE)
    plugins.append(sql_models.plugin)
else:
    config = CookieBackendConfig(
        secret=SecretBytes(bytes.fromhex(SECRET)), key=COOKIE, max_age=MAX_AGE
    )
app = Starlite(
    [read, expiry, write], middleware=[config.middleware], plugins=plugins, openapi_config=None
)
