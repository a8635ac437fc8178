"""A Starlette app whose routes show and change the session."""

import itsdangerous
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import Response
from starlette.routing import Route

from shared import CHANGES, COOKIE, MAX_AGE, OPTIONS, SECRET, change, show, stop_clock


async def session(request):
    change(request.session, request.url.path, await request.body())
    return Response(show(request.session), media_type="application/json")


async def expiry(request):
    signer = itsdangerous.TimestampSigner(SECRET)
    _, signed = signer.unsign(request.cookies[COOKIE], MAX_AGE, return_timestamp=True)
    return Response(str(int(signed.timestamp()) + MAX_AGE))


async def plain(request):
    return Response("no session")


async def clock(request):
    stop_clock(await request.body())
    return Response()


app = Starlette(
    routes=[
        Route("/session", session),
        Route("/expiry", expiry),
        Route("/plain", plain),
        Route("/clock", clock, methods=["POST"]),
        *(Route(path, session, methods=["POST"]) for path in CHANGES),
    ],
    middleware=[Middleware(SessionMiddleware, secret_key=SECRET, session_cookie=COOKIE, **OPTIONS)],
)
