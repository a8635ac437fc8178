"""The same for Starlette 0.6.2 to 0.7, which signs no time and speaks ASGI 2."""

from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from shared import COOKIE, SECRET, change, show


def session(scope):
    async def respond(receive, send):
        request = Request(scope, receive)
        change(scope["session"], scope["path"], await request.body())
        response = Response(show(scope["session"]), media_type="application/json")
        await response(receive, send)

    return respond


def app(scope):
    return handle(scope) if scope["type"] == "http" else lifespan


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


handle = SessionMiddleware(session, secret_key=SECRET, session_cookie=COOKIE)
