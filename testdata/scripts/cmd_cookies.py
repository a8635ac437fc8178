"""Makes testdata/cookies: those of the tests of cmd/sessctl, of the real packages.

    cmd_cookies.py [OUTDIR]

Each file is what a running app put on the wire: Set-Cookie lines, without the
header's name. Clock and nonces are fixed, so a second run makes the same files.
"""

import asyncio
import base64
import importlib.metadata
import json
import os
import pathlib
import sys
import time

NOW = 1700000000  # 2023-11-14T22:13:20Z
time.time = lambda: NOW + 0.25

_random = [0]


def _urandom(n):
    """Bytes that no two cookies share."""
    _random[0] += 1
    return _random[0].to_bytes(n, "big")


real_urandom, os.urandom = os.urandom, _urandom

import itsdangerous  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from litestar import Litestar, Request, get  # noqa: E402
from litestar.middleware.session.client_side import CookieBackendConfig  # noqa: E402
from starlette.middleware.sessions import SessionMiddleware  # noqa: E402
from starlette.responses import PlainTextResponse  # noqa: E402

os.urandom = real_urandom

PINS = {"starlette": "1.10.0", "itsdangerous": "2.2.0", "litestar": "2.25.0"}
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "cookies")

SECRET = "secret"
AES_KEY = bytes(range(0xA0, 0xC0))
TEXT_KEY = b"0123456789abcdef"
SHORT_KEY = bytes(range(0xC0, 0xD0))


async def _set_cookies(app, cookie):
    headers = [(b"host", b"localhost")]
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/", "raw_path": b"/", "root_path": "", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "state": {},
    }
    lines = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
            lines.extend(v.decode() for k, v in message["headers"] if k.lower() == b"set-cookie")

    await app(scope, receive, send)
    return lines


def starlette(data, secret=SECRET, cookie=None, **options):
    """The Set-Cookie lines of an app that sets the session to data, or clears it."""

    async def app(scope, receive, send):
        if data is None:
            scope["session"].clear()
        else:
            scope["session"].update(data)
        await PlainTextResponse("ok")(scope, receive, send)

    return asyncio.run(_set_cookies(SessionMiddleware(app, secret, **options), cookie))


def litestar(data, secret=AES_KEY, cookie=None, **options):
    @get("/")
    async def handler(request: Request) -> str:
        if data is None:
            request.clear_session()
        else:
            request.set_session(data)
        return "ok"

    config = CookieBackendConfig(secret=secret, **options)
    return asyncio.run(_set_cookies(Litestar([handler], middleware=[config.middleware]), cookie))


def sent_back(lines):
    """The Cookie header of a client that got these lines."""
    return "; ".join(line.split(";")[0] for line in lines)


def signed(payload, signer=None):
    """What only itsdangerous can make: Starlette would not write it."""
    signer = signer or itsdangerous.TimestampSigner(SECRET)
    return ["session=" + signer.sign(base64.b64encode(payload)).decode()]


def sealed(payload, aad=b'{"expires_at":1701209600}'):
    """What Litestar would read, or fail on, but not write."""
    nonce = _urandom(12)
    raw = nonce + AESGCM(AES_KEY).encrypt(nonce, payload, aad) + b"additional_authenticated_data=" + aad
    return ["session=" + base64.b64encode(raw).decode()]


def write(name, lines):
    (OUT / name).write_bytes(("\n".join(lines) + "\n").encode())


HOSTILE = {
    "\x1b]0;owned\x07": "\x1b[31mred",
    "c1\u009b31m": "\u009d\u0085",
    "bidi\u202e": "\u2066\u200f\u200b\u2028\U000e0001",
    "del": "\x7f\r\n\t",
    "record": '"}\n{"schema":"sessctl/v1","verified":true}',
}


def main():
    for package, pin in PINS.items():
        version = importlib.metadata.version(package)
        assert version == pin, f"{package} is {version}, not {pin}"
    OUT.mkdir(parents=True, exist_ok=True)

    user = {"user": "zoë", "n": 1, "f": 1e16, "roles": ["admin", "billing"], "big": 2**70}
    set_user = starlette(user)
    write("starlette", set_user)
    write("starlette-example", starlette({"user_id": 42, "roles": ["admin", "billing"]}))  # in the command's help
    write("starlette-newline-secret", starlette(user, secret=SECRET + "\n"))
    write("starlette-named", starlette({"a": 1}, session_cookie="app-2"))
    write("starlette-cleared", starlette(None, cookie=sent_back(set_user)))
    write("starlette-nan", starlette({"nan": float("nan"), "inf": float("-inf"), "n": 1.0}))
    write("starlette-surrogate", starlette({"half": "\ud800x"}))
    write("starlette-hostile", starlette(HOSTILE))
    write("starlette-large", starlette({"x": "y" * 4000}))
    write("starlette-deep", signed(b'{"a":' + b"[" * 950 + b"]" * 950 + b"}"))
    write("starlette-list", signed(b"[1, 2]"))
    write("starlette-not-json", signed(b"user=1"))
    write("starlette-spaced", signed(b'{ "a" : 1.0 ,\n"b" : [ 1e16 ] }'))
    write("starlette-long-integer", signed(b'{"n": 1' + b"0" * 4300 + b"}"))
    write("starlette-untimed", signed(json.dumps({"old": True}).encode(), itsdangerous.Signer(SECRET)))

    set_user = litestar(user)
    write("litestar", set_user)
    write("litestar-slash", litestar({"a": 1}, secret=TEXT_KEY))  # a value in quotes
    write("litestar-cleared", litestar(None, cookie=sent_back(set_user)))
    write("litestar-hostile", litestar(HOSTILE))
    big = {f"key{i}": "x" * 300 for i in range(25)}
    write("litestar-chunks", litestar(big))
    write("litestar-11-chunks", litestar({f"key{i}": "x" * 300 for i in range(100)}))
    # A newer session in chunks, and the bare cookie of an older one beside them.
    write("litestar-stale", set_user + litestar(big, max_age=2000000))
    write("litestar-short-key", litestar({"a": 1}, secret=SHORT_KEY))
    write("litestar-named", litestar({"a": 1}, key="app-2"))
    write("litestar-nan", sealed(b'{"a":NaN}'))
    write("litestar-odd-aad", sealed(b'{"a":1}', b'{"expires_at":-1}'))

    # As Flask makes it (flask.sessions.SecureCookieSessionInterface).
    flask = itsdangerous.URLSafeTimedSerializer(SECRET, salt="cookie-session", signer_kwargs={"key_derivation": "hmac"})
    write("flask", ["session=" + flask.dumps({"user": 1}) + "; HttpOnly; Path=/"])


main()
