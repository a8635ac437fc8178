"""Time what Starlette's SessionMiddleware adds to an ASGI app.

Usage: starlette.py SECRET COOKIE REQUESTS

For each line on standard input it serves REQUESTS requests without the
middleware and as many with it, and prints the nanoseconds of each as a line of
JSON. The app is called as a server calls it, but without a server: it awaits
nothing that has to be waited for, so there is no event loop either.
"""

import json
import sys
import time

from starlette.middleware.sessions import SessionMiddleware

secret, cookie, requests = sys.argv[1], sys.argv[2], int(sys.argv[3])

BODY = {"type": "http.response.body", "body": b"user 42"}
answered = []


async def receive():
    raise AssertionError("nobody reads the body")


async def send(message):
    answered.append(message)


async def bare(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send(BODY)


async def reading(scope, receive, send):
    assert scope["session"]["user_id"] == 42
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send(BODY)


def took(app):
    """Return the nanoseconds of a round."""
    answered.clear()
    start = time.perf_counter_ns()
    for _ in range(requests):
        # A scope belongs to its request: the middleware puts the session there.
        scope = {"type": "http", "method": "GET", "path": "/", "headers": HEADERS}
        try:
            app(scope, receive, send).send(None)
        except StopIteration:
            pass
        else:
            raise AssertionError("the app waits for something")
    elapsed = time.perf_counter_ns() - start
    assert [m["type"] for m in answered] == ["http.response.start", "http.response.body"] * requests
    assert not any(name == b"set-cookie" for m in answered[::2] for name, _ in m["headers"])
    return elapsed


HEADERS = [(b"host", b"example.com"), (b"cookie", cookie.encode())]
sessions = SessionMiddleware(reading, secret_key=secret)
for _ in sys.stdin:
    print(json.dumps({"python-bare": took(bare), "python-starlette": took(sessions)}), flush=True)
