"""A Litestar app whose routes show and change the session."""

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.middleware.session.client_side import CookieBackendConfig

from shared import COOKIE, MAX_AGE, SECRET, aes_expiry, change, show


@get("/session", media_type=MediaType.JSON)
async def read(request: Request) -> Response[bytes]:
    return Response(show(request.session).encode(), media_type=MediaType.JSON)


@get("/expiry")
async def expiry(request: Request) -> str:
    return str(aes_expiry(request.cookies))


@post(["/replace", "/update", "/remove", "/clear"], status_code=200)
async def write(request: Request) -> Response[bytes]:
    change(request.session, request.url.path, await request.body())
    return Response(show(request.session).encode(), media_type=MediaType.JSON)


config = CookieBackendConfig(secret=bytes.fromhex(SECRET), key=COOKIE, max_age=MAX_AGE)
app = Litestar([read, expiry, write], middleware=[config.middleware], openapi_config=None)
