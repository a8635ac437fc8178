"""A Litestar app whose routes show and change the session."""

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.middleware.session.client_side import CookieBackendConfig

from shared import CHANGES, COOKIE, OPTIONS, SECRET, aes_expiry, change, show, stop_clock


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


config = CookieBackendConfig(secret=bytes.fromhex(SECRET), key=COOKIE, **OPTIONS)
app = Litestar(
    [read, expiry, plain, write, clock], middleware=[config.middleware], openapi_config=None
)
