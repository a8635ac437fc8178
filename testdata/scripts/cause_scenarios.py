"""Makes testdata/causes: why a session is empty, or why a key does not open it.

    cause_scenarios.py OUTDIR

Each file is a scenario, named after its cause; README.md describes the fields.
An app is a Python expression: `app` holds it, and it is run as it stands there,
in a directory that holds each key file under its label. Clock and nonces are
fixed, so a second run makes the same files.
"""

from vectorlib import READ, WRITTEN, joined, made_by, pairs, request, set_nonce, world  # first

import ast
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import secrets
import sys
import tempfile
from functools import partial
from unittest import mock
from urllib.parse import quote

import django
import flask
import jwt
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware as DjangoMiddleware
from django.http import HttpResponse
from django.test import RequestFactory
from itsdangerous import TimestampSigner
from litestar import Litestar, Request, Response, get
from litestar.middleware.session import client_side
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.serialization import encode_json
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse

OUT = pathlib.Path(sys.argv[1])
CAUSES = (
    "key-newline key-crlf key-line-end key-blanks key-quotes key-bom key-hex key-base64 key-text key-bytes key-printed other-signer "
    "old-key key-length key-of-other-format cut encoded-value quoted-twice lost-plus chunk-order missing-chunk text-sorted-chunks stale-bare stale-chunk clock-ahead "
    "expired other-app other-name flask django jwt session-id no-key"
).split()

HOUR, DAY = 3600, 24 * 3600
DATA = {"user_id": 42, "name": "zoë"}
OLD_DATA = {"user_id": 7, "name": "ann"}

SECRET = "secret-of-the-app"
OTHER_SECRET = "secret-of-another-app"
TEXT_OF_32 = "thirty-two-characters-of-secret!"
AES_KEY = bytes(range(0xA0, 0xC0))
OTHER_AES_KEY = bytes(range(0xE0, 0x100))

# What most apps make their key of, and the key files that they read.
TEXT = 'open("key").read()'
BYTES = 'open("key", "rb").read()'
SIGNED = f"SessionMiddleware(secret_key={TEXT}.strip())"
SEALED = f"CookieBackendConfig(secret={BYTES})"
SIGNED_KEYS = {"key": f"{SECRET}\n".encode()}
SEALED_KEYS = {"key": AES_KEY}

secrets.token_bytes = os.urandom  # it kept the one from before vectorlib
settings.configure(SECRET_KEY=SECRET, SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies")
django.setup()


class WithSigner(SessionMiddleware):
    """Starlette's middleware, its signer replaced by one that the app made."""

    def __init__(self, app, signer):
        super().__init__(app, secret_key="")
        self.signer = signer


def visit(app, cookies, at, data=None):
    """One request to the app, which adds data to the session.

    Returns what the app read, in the words of the field python, and the cookies that it set.
    """
    read = []

    def use(session, dumps):
        read.append(dumps(dict(session)))
        if data:
            session.update(data)

    async def starlette(scope, receive, send):
        use(scope["session"], json.dumps)
        await PlainTextResponse("")(scope, receive, send)

    @get("/")
    async def litestar(request: Request) -> None:
        use(request.session, lambda session: encode_json(session).decode())

    def failed(request: Request, error: Exception) -> Response:
        assert not data, error
        read.append("error: " + type(error).__name__)
        return Response(content=None, status_code=500)

    configured = eval(
        app,
        {
            "SessionMiddleware": partial(SessionMiddleware, starlette),
            "WithSigner": partial(WithSigner, starlette),
            "CookieBackendConfig": CookieBackendConfig,
            "ServerSideSessionConfig": ServerSideSessionConfig,
            "Config": partial(Config, environ={}),  # the file alone
            "TimestampSigner": TimestampSigner,
            "ast": ast,
            "base64": base64,
            "hashlib": hashlib,
        },
    )
    if not isinstance(configured, SessionMiddleware):
        handlers = {Exception: failed}
        configured = Litestar([litestar], middleware=[configured.middleware], exception_handlers=handlers, openapi_config=None)
    world.now = at
    lines = request(configured, cookies)
    assert len(read) == 1, read
    return read[0], pairs(lines)


def written(app, data=DATA, at=WRITTEN):
    """The cookies of a new visitor for whom the app wrote data."""
    set_nonce(f"{app} {data} {at}")
    return visit(app, [], at, data)[1]


def written_by_flask(data=DATA, secret=SECRET):
    app = flask.Flask("app")
    app.secret_key = secret

    @app.get("/")
    def index():
        flask.session.update(data)
        return ""

    world.now = WRITTEN
    return pairs(app.test_client().get("/").headers.getlist("Set-Cookie"))


def written_by_django(data=DATA):
    def view(request):
        request.session.update(data)
        return HttpResponse("")

    world.now = WRITTEN
    response = DjangoMiddleware(view)(RequestFactory().get("/"))
    return pairs([morsel.OutputString() for morsel in response.cookies.values()])


def json_web_token(name="session"):
    claims = {"sub": "42", "name": "zoë", "iat": WRITTEN, "exp": WRITTEN + HOUR}
    return [f"{name}={jwt.encode(claims, SECRET, algorithm='HS256')}"]


def packages_of(app):
    return ["litestar", "msgspec", "cryptography"] if "CookieBackend" in app else ["starlette", "itsdangerous"]


def scenario(
    name, about, app, keys, *, made=None, data=DATA, at=WRITTEN, sent=list, bare=False, args=(), now=READ, fixed=None, packages=(), beside=()
):
    """Runs one scenario and saves it.

    keys      label and content of the key files that the operator gives
    made      the app that made the cookies, or a function that returns them; app itself unless it is given
    data, at  what it wrote, and when
    sent      what became of the cookies on their way back
    bare      the operator gives the value alone
    fixed     what is put right: app, sent or now; {} is the cookies as they were made
    packages  what else made the cookies
    beside    files that the app reads, and that the operator does not give
    """
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        for file, content in {**keys, **dict(beside)}.items():
            pathlib.Path(file).write_bytes(content)
        cookies = made() if callable(made) else written(made or app, data, at)

        def read(app=app, sent=list, now=now):
            return visit(app, sent(cookies), now)[0]

        vector = {
            "about": about,
            "made_by": made_by(*packages, *packages_of(app)),
            "app": app,
            "args": list(args),
            "keys": [{"label": label, "file": content.hex()} for label, content in keys.items()],
            "input": [joined(sent(cookies)) if bare else "Cookie: " + "; ".join(sent(cookies))],
            "now": now,
            "cause": max((cause for cause in CAUSES if f"{name}-".startswith(f"{cause}-")), key=len),
            "python": read(sent=sent),
        }
        if fixed is not None:
            vector["fixed"] = read(**fixed)
            assert vector["fixed"] not in ("{}", vector["python"]), name
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / f"{name}.json", "x", encoding="utf-8") as f:
        json.dump(vector, f, indent=2, ensure_ascii=False)
        f.write("\n")


def key_file(name, file, app, about, **kw):
    """The app reads its cookie. What the operator's key file holds is not what the app makes its key of."""
    scenario(name, about, app, {"key": file if isinstance(file, bytes) else file.encode()}, **kw)


def signed(name, file, secret, about, **kw):
    key_file(name, file, f"SessionMiddleware(secret_key={secret})", about, **kw)


def sealed(name, file, secret, about, **kw):
    key_file(name, file, f"CookieBackendConfig(secret={secret})", about, **kw)


def surrounded_keys():
    line, crlf = SECRET + "\n", SECRET + "\r\n"
    signed("key-newline", line, TEXT, "The key file ends in a newline, which the app does not strip.")
    about = "The key file ends in CR LF, which the app does not strip: "
    signed("key-crlf", crlf, TEXT, about + "Python reads it as text, so as LF.")
    signed("key-newline-windows-bytes", crlf, f"{BYTES}.decode()", about + "Python reads it as bytes, so as it is.")
    sealed("key-crlf-litestar", TEXT_OF_32[:31] + "\r\n", f"{TEXT}.encode()", about + "31 characters and the LF that Python reads.")

    about = "The key file has two line ends, which the app strips."
    signed("key-line-end", line + "\n", f"{TEXT}.strip()", about)
    signed("key-line-end-windows", crlf + "\r\n", f"{TEXT}.strip()", about)
    sealed("key-line-end-litestar", TEXT_OF_32 + "\n\n", f"{TEXT}.strip().encode()", about)

    signed("key-blanks", f"  {SECRET} \n", f"{TEXT}.strip()", "The key file has blanks around the secret, which the app strips.")
    signed("key-blanks-tab", SECRET + "\t\n", f"{TEXT}.strip()", "The key file has a tab behind the secret, which the app strips.")
    about = "The key file has a no-break space behind the secret, as copied from a page, which the app strips."
    signed("key-blanks-no-break", SECRET + "\xa0\n", 'open("key", encoding="utf-8").read().strip()', about)
    about = "The key file has a blank behind the 32 characters of the key, which the app strips."
    sealed("key-blanks-litestar", TEXT_OF_32 + " \n", f"{TEXT}.strip().encode()", about)

    about = "The key file holds the value of an .env file with its quotes, which Starlette's Config takes off."
    from_env = 'Config(".env")("SECRET_KEY")'
    for name, mark in ("", '"'), ("-single", "'"):
        value, value_of_32 = f"{mark}{SECRET}{mark}\n", f"{mark}{TEXT_OF_32}{mark}\n"
        signed(f"key-quotes{name}", value, from_env, about, beside={".env": f"SECRET_KEY={value}".encode()})
        env = f"SECRET_KEY={value_of_32}".encode()
        sealed(f"key-quotes{name}-litestar", value_of_32, f"{from_env}.encode()", about, beside={".env": env})

    about = "The key file begins with a byte order mark, which the app's utf-8-sig drops."
    no_mark = 'open("key", encoding="utf-8-sig").read().strip()'
    signed("key-bom", "\ufeff" + crlf, no_mark, about)
    sealed("key-bom-litestar", "\ufeff" + TEXT_OF_32, f"{no_mark}.encode()", about)


def encoded_keys():
    def base64_of(key):
        return base64.b64encode(key).decode() + "\n"

    secret, key_of_24, key_of_16 = SECRET.encode(), AES_KEY[:24], AES_KEY[:16]
    like_a_key = " The text itself is as long as a key can be."

    decoded = f"bytes.fromhex({TEXT})"
    about = "The key file holds the key in hex, and the app decodes it."
    signed("key-hex", secret.hex() + "\n", f"{decoded}.decode()", about)
    sealed("key-hex-litestar", AES_KEY.hex() + "\n", decoded, about)
    sealed("key-hex-litestar-16", key_of_16.hex() + "\n", decoded, about + like_a_key)

    decoded = f"base64.b64decode({TEXT})"
    about = "The key file holds the key in base64, and the app decodes it."
    signed("key-base64", base64_of(secret), f"{decoded}.decode()", about)
    sealed("key-base64-litestar", base64_of(AES_KEY), decoded, about)
    sealed("key-base64-litestar-24", base64_of(key_of_24), decoded, about + like_a_key)
    sealed("key-base64-litestar-16", base64_of(key_of_16), decoded, about + like_a_key)
    about = "The key file holds the key in base64 for URLs without padding, and the app decodes it."
    url = base64.urlsafe_b64encode(OTHER_AES_KEY).decode().rstrip("=")
    sealed("key-base64-litestar-url", url, f'base64.urlsafe_b64decode({TEXT} + "=")', about)

    about = "sessctl decodes what follows {0}: in a key file, but the app takes it as it is."
    for kind, text, text_of_32 in [
        ("hex", secret.hex() + "\n", key_of_16.hex() + "\n"),
        ("base64", base64_of(secret), base64_of(key_of_24)),
    ]:
        rest = f'{TEXT}.strip().removeprefix("{kind}:")'
        signed(f"key-text-{kind}", f"{kind}:{text}", rest, about.format(kind))
        sealed(f"key-text-{kind}-litestar", f"{kind}:{text_of_32}", f"{rest}.encode()", about.format(kind))
        signed(f"key-text-{kind}-whole", f"{kind}:{text}", f"{TEXT}.strip()", about.format(kind) + " With the prefix, too.")
    hex_of_28 = AES_KEY[:14].hex()
    sealed("key-text-hex-whole-litestar", f"hex:{hex_of_28}\n", f"{TEXT}.strip().encode()", about.format("hex") + " With the prefix, too.")


def printed_keys():
    about = "The app gives Starlette bytes, and the secret is the text that str() makes of them, b'…'"
    signed("key-bytes", SECRET, BYTES, f"{about}.")
    signed("key-bytes-strip", SECRET + "\n", f"{BYTES}.strip()", f"{about}. The newline of the file is stripped.")
    signed("key-bytes-newline", SECRET + "\n", BYTES, f"{about}. The newline of the file is not stripped, so it is a backslash and an n in the text.")
    signed("key-bytes-quote", "it's-a-secret", BYTES, f"{about}: in double quotes, as they hold a single one.")
    signed("key-bytes-quotes", "it's-a-\"secret\"", BYTES, f"{about}: the single quote is escaped, as they hold a double one too.")
    signed("key-bytes-not-ascii", "zoë\\secret", BYTES, f"{about}: escaped where they are not ASCII.")
    signed("key-bytes-random", AES_KEY, BYTES, f"{about}: each of the 32 is escaped.")

    about = "The key file holds bytes as Python prints them, b'…', and the app's secret is the bytes"
    literal = f"ast.literal_eval({TEXT})"
    signed("key-printed", f"{SECRET.encode()}\n", f"{literal}.decode()", f"{about}.")
    signed("key-printed-quote", "b\"it's-a-secret\"\n", f"{literal}.decode()", f"{about}: in double quotes, as they hold a single one.")
    sealed("key-printed-litestar", f"{AES_KEY}\n", literal, f"{about}.")


def other_keys():
    for name, app, files in [
        ("old-key", 'SessionMiddleware(secret_key=open("%s").read().strip())', {"new": b"the-new-secret\n", "old": SECRET.encode()}),
        ("old-key-litestar", 'CookieBackendConfig(secret=open("%s", "rb").read())', {"new": OTHER_AES_KEY, "old": AES_KEY}),
    ]:
        about = "The cookie is older than the new key, which is all that the app knows."
        scenario(name, about, app % "new", files, made=app % "old", fixed={"app": app % "old"})

    secret, key = f'"{SECRET}"', "bytes(range(0xA0, 0xC0))"
    signed("key-of-other-format", AES_KEY, secret, "A signed cookie, and an AES key as the only key.")
    sealed("key-length", SECRET, key, "An encrypted cookie, and as the only key a text that is no AES key.")
    scenario("no-key", "An encrypted cookie, and no key.", f"CookieBackendConfig(secret={key})", {})


def other_signers():
    for name, what, options in [
        ("salt-flask", "the salt of Flask", 'salt="cookie-session"'),
        ("salt-serializer", "the salt of itsdangerous's serializers", 'salt="itsdangerous"'),
        ("salt-starlette", "a salt named after the middleware", 'salt="starlette.sessions"'),
        ("sha256", "SHA-256", "digest_method=hashlib.sha256"),
        ("sha512", "SHA-512, so a longer signature", "digest_method=hashlib.sha512"),
        ("hmac", "another key derivation", 'key_derivation="hmac"'),
        ("concat", "another key derivation", 'key_derivation="concat"'),
        ("none", "no key derivation", 'key_derivation="none"'),
        ("sha256-hmac", "SHA-256 and another key derivation", 'key_derivation="hmac", digest_method=hashlib.sha256'),
    ]:
        app = f"WithSigner(TimestampSigner({TEXT}.strip(), {options}))"
        scenario(f"other-signer-{name}", f"The app replaced the signer of Starlette's middleware: {what}.", app, SIGNED_KEYS)


# The key is the app's, and the cookie is not what the app set.


def signed_sent(name, about, sent, fixed=(), **kw):
    scenario(name, about, SIGNED, SIGNED_KEYS, sent=sent, fixed=dict(fixed), **kw)


def sealed_sent(name, about, sent, fixed=(), **kw):
    scenario(name, about, SEALED, SEALED_KEYS, sent=sent, fixed=dict(fixed), **kw)


def notes(size, padding=True, user=DATA):
    """A session of about that size, whose encrypted value ends in = or does not."""

    def is_padded(data):
        beside = 12 + 16 + len('additional_authenticated_data={"expires_at":1701209600}')
        return (len(encode_json(data)) + beside) % 3 != 0

    sessions = ({**user, "notes": "x" * n} for n in range(size, size + 3))
    return next(data for data in sessions if is_padded(data) == padding)


def name_of(cookie):
    return cookie.split("=", 1)[0]


def each_value(change):
    """Changes the value of each cookie, and drops the quotes around it."""
    return lambda cookies: [f"{name_of(cookie)}={change(joined([cookie]))}" for cookie in cookies]


def cut(size):
    return lambda cookies: [cookie[:size] for cookie in cookies]


def cut_value(size):
    return each_value(lambda value: value[:size])


def as_one(cookies):
    """The chunks in one cookie, which Litestar reads whatever its size."""
    return ["session=" + joined(cookies)]


def cut_cookies():
    large = notes(3500)
    signed_sent("cut", "A signed cookie, cut where name=value has 4096 bytes.", cut(4096), data=large)
    signed_sent("cut-value", "A signed cookie, cut where its value has 4096 bytes.", cut_value(4096), data=large)
    signed_sent("cut-terminal", "A signed cookie, in a line that a terminal cut at 4095 bytes.", cut(4095 - len("Cookie: ")), data=large)
    about = "A signed cookie's value alone, in a line that a terminal cut at 4095 bytes."
    signed_sent("cut-terminal-value", about, cut_value(4095), data=large, bare=True)
    signed_sent("cut-signature", "A signed cookie, copied without its last 5 characters.", cut(-5))

    def cut_large(cookies):
        return cut(4096)(as_one(cookies))

    with mock.patch.object(client_side, "CHUNK_SIZE", 1 << 20):  # no reader goes by it
        sealed_sent("cut-litestar", "An encrypted cookie that was not split, cut where name=value has 4096 bytes.", cut_large, data=large)
        about = "An encrypted cookie that was not split, cut where name=value has 4096 bytes, the closing quote with it."
        sealed_sent("cut-litestar-quoted", about, cut(4096), data=large)
    sealed_sent("cut-litestar-end", "An encrypted cookie, copied without its last 5 characters.", cut_value(-5))
    about = "An encrypted cookie, copied without its last 8 characters. It is base64 still, but the expiry in it no JSON."
    sealed_sent("cut-litestar-end-8", about, cut_value(-8))


def changed_cookies():
    def encoded(value):  # JavaScript's encodeURIComponent
        return quote(value, safe="!'()*-._~")

    def encoded_twice(value):
        return encoded(encoded(value))

    signed_sent("encoded-value", "A client percent-encoded the signed cookie.", each_value(encoded))
    signed_sent("encoded-value-twice", "A client percent-encoded the signed cookie twice.", each_value(encoded_twice))
    about = "A client percent-encoded the encrypted cookie twice. Litestar decodes it once."
    sealed_sent("encoded-value-litestar", about, each_value(encoded_twice))
    about = "A client percent-encoded the chunks of the encrypted cookie twice. Litestar decodes them once."
    sealed_sent("encoded-value-litestar-chunks", about, each_value(encoded_twice), data=notes(7000))

    def quoted_twice(value):
        return f'"\\"{value}\\""'

    signed_sent("quoted-twice", "A proxy put the signed cookie in quotes twice.", each_value(quoted_twice))
    about = "A proxy put the encrypted cookie in quotes twice. Litestar's base64 decoder skips those within."
    scenario("quoted-twice-litestar", about, SEALED, SEALED_KEYS, sent=each_value(quoted_twice))

    def plus_lost(value):
        assert "+" in value
        return value.replace("+", " ")

    signed_sent("lost-plus", "A form decoder made blanks of the + in the signed cookie.", each_value(plus_lost), data={**DATA, "next": "~~~~~"})
    sealed_sent("lost-plus-litestar", "A form decoder made blanks of the + in the encrypted cookie.", each_value(plus_lost))


def chunks():
    def by_text(cookies):
        return sorted(cookies, key=name_of)

    def without(name):
        return lambda cookies: [cookie for cookie in cookies if name_of(cookie) != name]

    about = "11 chunks. Litestar joins them in the order of their names as texts, session-10 before session-2"
    eleven = {"fixed": {"sent": as_one}}
    sealed_sent("text-sorted-chunks", f"{about}.", list, data=notes(31900), **eleven)
    sealed_sent("text-sorted-chunks-error", f"{about}: what follows the expiry then makes it no JSON.", list, data=notes(31900, padding=False), **eleven)
    about = "The value of 11 chunks that somebody joined in the order of their names as texts, session-10 before session-2."
    sealed_sent("chunk-order", about, lambda cookies: as_one(by_text(cookies)), data=notes(31900), bare=True, **eleven)

    three = notes(8000)
    sealed_sent("missing-chunk", "The second of three chunks is missing.", without("session-1"), data=three)
    sealed_sent("missing-chunk-first", "The first of three chunks is missing.", without("session-0"), data=three)
    sealed_sent("missing-chunk-last", "The last of three chunks is missing.", without("session-2"), data=three)

    def stale(data, pick=list, app=SEALED):
        """Puts those that pick takes of an older session's cookies beside the new ones."""
        return lambda cookies: pick(written(app, data, WRITTEN - HOUR)) + cookies

    longer, shorter = notes(11500, user=OLD_DATA), notes(20, user=OLD_DATA)
    unpadded, other_key = notes(20, user=OLD_DATA, padding=False), "CookieBackendConfig(secret=bytes(range(0xE0, 0x100)))"
    about = "session-3 of an older, longer session is beside session-0 to session-2, and spoils the expiry in them."
    sealed_sent("stale-chunk", about, stale(longer, lambda cookies: cookies[3:]), data=notes(8000, padding=False))
    about = "session-0 to session-3 of an older, longer session are beside session, and spoil the expiry in it."
    sealed_sent("stale-bare-numbered", about, stale(longer), data=notes(20, padding=False))
    about = "session of an older, shorter session is beside session-0 to session-2. "
    sealed_sent("stale-bare", about + "It ends in =, so Python reads it and no more.", stale(shorter), data=three)
    sealed_sent("stale-bare-error", about + "It does not end in =, so the others spoil its expiry.", stale(unpadded), data=three)
    about += "It ends in =, so Python reads it and no more, but its key was another one."
    sealed_sent("stale-bare-other-key", about, stale(shorter, app=other_key), data=three)


def times():
    about = "The host that signed the cookie is 90 seconds ahead of this one."
    signed_sent("clock-ahead", about, list, at=READ + 90, fixed={"now": READ + 90})
    old = {"now": WRITTEN + 20 * DAY, "fixed": {"now": READ}}
    signed_sent("expired", "The cookie was signed 20 days ago.", list, **old)
    sealed_sent("expired-litestar", "The cookie was encrypted 20 days ago.", list, **old)
    about = "The cookie was signed 2 hours ago, and the app's sessions end after one."
    app = f"SessionMiddleware(secret_key={TEXT}.strip(), max_age=3600)"
    args = "--max-age", "3600"
    scenario("expired-hour", about, app, SIGNED_KEYS, args=args, now=WRITTEN + 2 * HOUR, fixed={"now": READ})


def other_apps():
    another = f'SessionMiddleware(secret_key="{OTHER_SECRET}")'

    about = "Another app's cookie of the same name follows ours, and the last one counts."
    signed_sent("other-app", about, lambda cookies: cookies + written(another, OLD_DATA))
    about = "A Flask app's cookie of the same name follows ours, and the last one counts."
    from_flask = partial(written_by_flask, OLD_DATA, OTHER_SECRET)
    signed_sent("other-app-flask", about, lambda cookies: cookies + from_flask(), packages=["flask"])
    about = "The app used to call its cookie app_session, which is still there; session is another app's."
    before = {"app": f'SessionMiddleware(secret_key={TEXT}.strip(), session_cookie="app_session")'}
    args = "--name", "session"
    signed_sent("other-name", about, lambda cookies: written(another, OLD_DATA) + cookies, before, made=before["app"], args=args)

    large = {**DATA, "notes": "x" * 500}
    other_key = {"key": f"{OTHER_SECRET}\n".encode()}
    in_django = f'SessionMiddleware(secret_key={TEXT}.strip(), session_cookie="sessionid")'
    for name, about, app, keys, made, package in [
        ("flask", "A Flask app's cookie, signed with the key.", SIGNED, SIGNED_KEYS, written_by_flask, "flask"),
        ("flask-other-key", "A Flask app's cookie, signed with another key.", SIGNED, other_key, written_by_flask, "flask"),
        ("flask-compressed", "A Flask app's cookie, compressed.", SIGNED, SIGNED_KEYS, partial(written_by_flask, large), "flask"),
        ("django", "A Django app's cookie, signed with the key.", in_django, SIGNED_KEYS, written_by_django, "django"),
        ("django-other-key", "A Django app's cookie, signed with another key.", in_django, other_key, written_by_django, "django"),
        ("django-compressed", "A Django app's cookie, compressed.", in_django, SIGNED_KEYS, partial(written_by_django, large), "django"),
        ("jwt", "A JSON Web Token, signed with the key.", SIGNED, SIGNED_KEYS, json_web_token, "pyjwt"),
        ("jwt-other-key", "A JSON Web Token, signed with another key.", SIGNED, other_key, json_web_token, "pyjwt"),
        ("jwt-named", "A JSON Web Token and no session.", SIGNED, SIGNED_KEYS, partial(json_web_token, "access_token"), "pyjwt"),
    ]:
        scenario(name, about, app, keys, made=made, packages=[package])
    about = "The id of a session that a Litestar app keeps on the server."
    scenario("session-id", about, SEALED, SEALED_KEYS, made="ServerSideSessionConfig()")
    scenario("session-id-starlette", about, SIGNED, SIGNED_KEYS, made="ServerSideSessionConfig()", packages=["litestar"])


surrounded_keys()
encoded_keys()
printed_keys()
other_keys()
other_signers()
cut_cookies()
changed_cookies()
chunks()
times()
other_apps()
