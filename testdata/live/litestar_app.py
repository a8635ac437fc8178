"""A Litestar app whose routes show and change the session."""

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.file import FileStore

from shared import (
    CHANGES,
    COOKIE,
    DIR,
    OPTIONS,
    REDIS,
    SECRET,
    SQL,
    aes_expiry,
    change,
    show,
    stop_clock,
)


@get("/session", media_type=MediaType.JSON)
async def read(request: Request) -> Response[bytes]:
    return Response(show(request.session).encode(), media_type=MediaType.JSON)


@get("/expiry")
async def expiry(request: Request) -> str:
    return str(aes_expiry(request.cookies))


@get("/plain")
async def plain() -> str:
    return "no session"


@post(CHANGES, status_code=200)
async def write(request: Request) -> Response[bytes]:
    change(request.session, request.url.path, await request.body())
    return Response(show(request.session).encode(), media_type=MediaType.JSON)


@post("/clock", status_code=200)
async def clock(request: Request) -> None:
    stop_clock(await request.body())


stores = {}
if DIR:
    stores["sessions"] = FileStore(DIR)
elif REDIS:
    if REDIS.startswith("valkey:"):
        from litestar.stores.valkey import ValkeyStore as Store
    else:
        from litestar.stores.redis import RedisStore as Store

    stores["sessions"] = Store.with_client(REDIS)
plugins = []
if SQL:
    import sql_models

    config = sql_models.config(key=COOKIE, **OPTIONS)
    plugins.append(sql_models.plugin)
elif stores:
    config = ServerSideSessionConfig(key=COOKIE, **OPTIONS)
else:
    config = CookieBackendConfig(secret=bytes.fromhex(SECRET), key=COOKIE, **OPTIONS)
app = Litestar(
    [read, expiry, plain, write, clock],
    middleware=[config.middleware],
    stores=stores,
    plugins=plugins,
    openapi_config=None,
)
