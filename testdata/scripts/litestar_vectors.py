"""Writes the vectors of one installed Litestar or Starlite: litestar_vectors.py OUTDIR

Every release gets the scenarios of every_release, the newest Litestar the other
tables too. Starlite's files are prefixed starlite-.
"""

import sys

from vectorlib import Apart, EXPIRES, MAX_AGE, READ, WRITTEN, differs, joined, made_by, outcome, pairs, quoted, request, save, set_nonce, world  # first

import base64
import json
from importlib.metadata import version
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

try:
    from litestar import Litestar as App
    from litestar import MediaType, Request, Response, get
    from litestar.middleware.session.client_side import CookieBackendConfig

    PACKAGE, PREFIX = "litestar", ""
except ImportError:
    from starlite import MediaType, Request, Response, Starlite as App, get

    PACKAGE, PREFIX = "starlite", "starlite-"
    try:
        from starlite.middleware.session.cookie_backend import CookieBackendConfig
    except ImportError:  # before 1.34
        from starlite.middleware.session import SessionCookieConfig as CookieBackendConfig

OUT = sys.argv[1]
VERSION = version(PACKAGE)
RELEASE = (PACKAGE,) + tuple(int(n) for n in VERSION.split("."))
NEWEST = ("litestar", 2, 25, 0)
NUMBERED = RELEASE < ("litestar", 2, 6, 1) or PACKAGE == "starlite"
JSON_PACKAGE = "orjson" if PACKAGE == "starlite" and RELEASE < ("starlite", 1, 45) else "msgspec"

KEY = bytes(range(16))
MARKER = b"additional_authenticated_data="
SESSION = {"user": "zoë", "n": 1, "f": 1e16}

MISSING = object()


class Visit:
    """One request through the real app: what the handler saw, what went wrong, which cookies were set."""

    def __init__(self, options, cookies, act=None):
        self.seen, self.error, self.lines = MISSING, None, []

        @get("/", media_type=MediaType.TEXT)
        async def handler(request: Request) -> str:
            seen = request.scope["session"]
            self.seen = dict(seen) if isinstance(seen, dict) else seen
            if act:
                act(request)
            return ""

        def on_error(request: Request, error: Exception) -> Response:
            self.error = error
            return Response(content="", status_code=500, media_type=MediaType.TEXT)

        app = App(
            route_handlers=[handler],
            middleware=[CookieBackendConfig(**options).middleware],
            exception_handlers={Exception: on_error},
            openapi_config=None,
        )
        try:
            self.lines = request(app, cookies)
        except Exception as e:  # what even the app's own handler did not get
            self.error = e

    def python(self):
        assert self.error or self.seen is not MISSING
        return "error: " + type(self.error).__name__ if self.error else outcome(self.seen)


def seal(text, aad, key=KEY):
    """The value for text under the package's own primitive, whatever the AAD."""
    text = text if isinstance(text, bytes) else text.encode()
    aad = aad if isinstance(aad, bytes) else aad.encode()
    return base64.b64encode(world.nonce + AESGCM(key).encrypt(world.nonce, text, aad) + MARKER + aad).decode()


def expires_at(at):
    return '{"expires_at":%d}' % at


def config(options, previous):
    return {
        "key": options["secret"].hex(),
        "previous": [p.hex() for p in previous],
        "max_age": options.get("max_age", MAX_AGE),
        "name": options.get("key"),
        "path": options.get("path"),
        "domain": options.get("domain"),
        "insecure": not options.get("secure"),
        "same_site": options.get("samesite"),
        "numbered": NUMBERED,
    }


def emit(name, about, cookies, expect, now=READ, options=(), previous=(), then=None, act=None, **fields):
    """Runs the package on cookies and saves the scenario."""
    options = {"secret": KEY, **dict(options)}
    world.now = now
    visit = Visit(options, cookies, act)
    python = visit.python()
    if then:
        fields["set_cookie"] = visit.lines
    save(
        OUT,
        PREFIX + name,
        about=about,
        made_by=made_by(PACKAGE, JSON_PACKAGE, "cryptography"),
        format="litestar",
        config=config(options, previous),
        now=now,
        cookies=cookies,
        expect=expect,
        then=then,
        python=python,
        python_read=differs(visit.seen, fields.get("json")) if python == "session" else None,
        **fields,
    )


def open_value(value, key=KEY):
    """The JSON text and the expiry of a value that the package made."""
    raw = base64.b64decode(value)
    sealed, aad = raw.rsplit(MARKER, 1)
    text = AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
    return text.decode(), json.loads(aad)["expires_at"]


def write(session, scenario, at=WRITTEN, options=()):
    """The cookies that a browser holds after the package wrote session to a new visitor, and the Set-Cookie lines."""
    set_nonce(scenario)
    world.now = at
    visit = Visit({"secret": KEY, **dict(options)}, [], lambda request: request.set_session(session))
    if visit.error:
        raise visit.error
    return pairs(visit.lines), visit.lines


def known(cookies, key=KEY):
    """The fields that say what cookies, made by the package, hold."""
    value = joined(cookies)
    text, expires = open_value(value, key)
    return {"value": value, "json": text, "expires_at": expires}


def written(name, about, session=SESSION, source=None, at=WRITTEN, expect="ok", options=(), **kw):
    """The package writes session; its cookies come back."""
    cookies, lines = write(session, PREFIX + name, at, options)
    about_value = known(cookies, dict(options).get("secret", KEY))
    emit(
        name,
        about,
        cookies,
        expect,
        options=options,
        written_at=at,
        nonce=world.nonce.hex(),
        reencode=True,
        from_json=source is not None,
        source=source,
        set_cookie=lines,
        **about_value,
        **kw,
    )


def sent(name, about, value, expect, **kw):
    """A cookie value as given, as the package would spell it in one cookie."""
    cookie = "session-0" if NUMBERED else "session"
    emit(name, about, [quoted(f"{cookie}={value}")], expect, value=value, **kw)


def forged(name, about, text, expect, at=EXPIRES, aad=None, key=KEY, **kw):
    """text, which the package may never write, sealed with its own primitive."""
    set_nonce(PREFIX + name)
    value = seal(text, expires_at(at) if aad is None else aad, key)
    if expect in ("ok", "expired"):
        kw = {"json": text, "expires_at": at, **kw}
    if kw.get("reencode"):
        kw = {"written_at": at - MAX_AGE, "nonce": world.nonce.hex(), **kw}
    sent(name, about, value, expect, **kw)


def padded(size, session=SESSION):
    """session with as much text, no two lines of it the same, as makes its JSON about size bytes."""
    return {**session, "text": " ".join(f"line {n:05}" for n in range(size // 11))}


def clear(request):
    request.clear_session()


def rewrite(session):
    return lambda request: request.set_session(session)


def names(cookies):
    return [c.split("=", 1)[0] for c in cookies]


SOURCE = json.dumps(SESSION)
SMALL = {"user": "zoë", "n": 1}  # its value ends in =, where Python's base64 stops
COMPACT = json.dumps(SESSION, separators=(",", ":"), ensure_ascii=False)
TWO_CHUNKS = padded(3300)


def every_release():
    v, p = VERSION, f"{PACKAGE.capitalize()} {VERSION}"
    options = {"key": "sid", "max_age": 3600, "path": "/app", "domain": "example.org", "secure": True, "samesite": "strict"}
    written(
        f"{v}-write", f"A session that {p} wrote and reads back, with its Set-Cookie line.", source=None if VERSION == "1.33.0" else SOURCE
    )  # its orjson writes 1e+16, which msgspec does not
    written(f"{v}-options", f"Every cookie option that {p} has, in its Set-Cookie line.", options=options)

    small, _ = write(SMALL, f"{v} small")
    large, _ = write(TWO_CHUNKS, f"{v} large", WRITTEN + 10)
    stale = [c.replace("session-0=", "session=", 1) for c in small]
    for order, cookies in (("last", ["theme=dark", *small]), ("first", [*small, "theme=dark"])):
        emit(
            f"{v}-headers-{order}",
            f"Two Cookie headers, the session in the {order}: {p} has its own way to read them, a strict reader reads all.",
            Apart(cookies),
            "ok",
            **known(small),
        )
    emit(
        f"{v}-clear",
        f"The app clears a session of two chunks: the clearing lines of {p}, in its order.",
        large,
        "ok",
        then="clear",
        act=clear,
        cleared=names(large),
        **known(large),
    )
    set_nonce(f"{v} grown")
    emit(
        f"{v}-grow",
        f"The app writes two chunks over one with {p}: what it leaves or clears.",
        small,
        "ok",
        then="write",
        act=rewrite(TWO_CHUNKS),
        source=json.dumps(TWO_CHUNKS),
        cleared=[] if NUMBERED else names(small),
        **known(small),
    )
    set_nonce(f"{v} shrunk")
    emit(
        f"{v}-shrink",
        f"The app writes one chunk over two with {p}: what it leaves or clears.",
        large,
        "ok",
        then="write",
        act=rewrite(SMALL),
        source=json.dumps(SMALL),
        cleared=names(large)[1:] if NUMBERED else names(large),
        **known(large),
    )
    set_nonce(f"{v} erased")
    emit(
        f"{v}-self-erasure",
        f"A stale session beside newer chunks, written again with {p}: Starlite, and Litestar up to 2.8.2, clear "
        "the chunk that they have just written, we clear the stale one.",
        stale + large,
        "ok",
        then="write",
        act=rewrite(TWO_CHUNKS),
        cleared=["session"],
        **known(large),
    )
    if VERSION in ("1.20.0", "1.51.16"):
        sent(f"{v}-null", f"The value null, which a cleared cookie may come back with, read by {p}: a 500 before 1.21.", "null", "no-cookie")
    if VERSION in ("1.20.0", "1.25.0"):
        forged(
            f"{v}-forged-aad",
            f"No key is needed to make this: the AAD is an empty object, read by {p}: a 500 since 1.21.",
            COMPACT,
            "malformed",
            aad="{}",
            key=bytes(16),
        )
    if VERSION in ("1.31.0", "1.33.0"):
        encoded = small[0].split("=", 1)[0] + "=" + quote(joined(small), safe="")
        emit(
            f"{v}-percent-encoded",
            f"A client percent-encoded the value, read by {p}: before 1.32 Python does not decode it, we do.",
            [encoded],
            "ok",
            **known(small),
        )
    if VERSION in ("1.29.0", "1.31.0"):
        emit(
            f"{v}-foreign-name",
            f"A cookie whose name contains the session's, read by {p}: before 1.30 it breaks the session.",
            ["mysession=1", *small],
            "ok",
            **known(small),
        )
    if VERSION == "1.44.0":
        forged(
            f"{v}-integer-beyond-64-bits",
            "2^70, as another peer may write it: orjson reads a float, silently.",
            '{"i":1180591620717411303424}',
            "ok",
            reencode=True,
        )
        written(f"{v}-floats", "Floats as orjson up to 3.11.6 spells them, which is as msgspec does.", {"f": FLOATS}, FLOATS_SOURCE)
    if VERSION == "1.33.0":
        written(f"{v}-floats", "Floats as orjson since 3.11.7 spells them: 1e+16, read back and kept as it is.", {"f": FLOATS})


FLOATS = [1.0, -0.0, 0.1, 1e15, 1e16, 1e17, 1e22, 1e-4, 1e-5, 1e-6, 1.5e300, 5e-324, sys.float_info.max, 123456789012345680.0]
FLOATS_SOURCE = json.dumps({"f": FLOATS})
INTS = [0, -1, 2**53 + 1, 2**63, 2**64, 2**70, -(2**70)]


def nested(depth):
    """JSON text that nests so deep, the session itself included."""
    return '{"a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def sessions():
    """What msgspec makes of sessions, and what both sides read back: the dialect."""
    for name, about, session in [
        ("floats", "Floats as msgspec spells them: 1e16, 0.00001, 1e-6.", {"f": FLOATS}),
        ("integers", "Integers beyond 64 bits stay exact.", {"i": INTS}),
        ("integer-4300-digits", "The longest integer that Python reads.", {"i": 10**4299}),
        ("control-characters", "U+0000 to U+0020, U+007F and U+0080.", {"c": "".join(map(chr, range(0x21))) + "\x7f\x80"}),
        ("unicode", "Line separators, an astral character and the last of the basic plane, all raw.", {"t": "\u2028\u2029\U0001f600\uffff\u00e9"}),
        ("key-unicode", "Keys are spelled as values are; the empty key is one too.", {'\u00e9"\\': 1, "": 2}),
        ("markup", "Nothing of <, >, &, / and ' is escaped.", {"h": "<a href='/'>&</a>"}),
        ("quotes", "Quotes and backslashes.", {"q": '"\\"\\u0041'}),
        ("nested", "Empty and nested values.", {"a": {}, "b": [], "c": [[], {}, [[1]]], "d": {"e": {"f": None}}}),
        ("literals", "true, false and null.", {"t": True, "f": False, "n": None}),
        ("key-order", "Keys keep the order of insertion, numbers among them too.", {"10": 1, "9": 2, "b": 3, "a": 4}),
        ("depth-900", "The deepest session that a strict reader takes.", json.loads(nested(900))),
        ("like-a-marker", "The marker of the AAD within the session.", {"a": MARKER.decode() + expires_at(1)}),
    ]:
        written("json-" + name, about, session, json.dumps(session))
    for name, about, session in [
        ("nan", "NaN and the infinities: msgspec writes null.", {"n": float("nan"), "p": float("inf")}),
        ("key-integer", "Keys that are integers become text.", {1: "a"}),
    ]:
        written("json-" + name, about, session)


def readings():
    """Payloads under a valid tag that msgspec would not write."""
    again = {"reencode": True}
    for name, about, text, expect, fields in [
        ("empty-session", "A sealed {}, as Starlite before 1.26 writes: an empty session.", "{}", "ok", again),
        ("number-spellings", "Numbers as others spell them stay as they are.", '{"a":1E5,"b":1e5,"c":-0,"d":0.10,"e":1.0e+2}', "ok", again),
        ("escape-spellings", "Escapes as others spell them stay as they are.", '{"a":"\\/\\u00E9\\u0041\u00e9\\ud83d\\ude00"}', "ok", again),
        ("nested-spacing", "Spaces within a value stay as they are.", '{"a":{"b":1,  "c" : [ ]}}', "ok", again),
        ("json-dumps", "Written with the spaces of json.dumps.", '{"a": 1, "b": "\\u00e9"}', "ok", {}),
        ("spaced", "White space around everything.", ' \t\r\n{ "a" : 1 }\n', "ok", {}),
        ("duplicate-keys", "Of a key that is there twice the last value counts, at the first place.", '{"a":1,"b":2,"a":3}', "ok", {}),
        ("null", "null is no session.", "null", "not-object", {}),
        ("number", "A number is no session.", "5", "not-object", {}),
        ("text", "A text is no session.", '"a"', "not-object", {}),
        ("list", "A list is no session.", "[1]", "not-object", {}),
        ("list-of-pairs", "A list of pairs is no session.", '[["a",1]]', "not-object", {}),
        ("bad-json", "An object that does not end.", '{"a":1', "malformed", {}),
        ("trailing", "Text after the object.", '{"a":1} x', "malformed", {}),
        ("no-text", "An empty plaintext.", "", "malformed", {}),
        ("control-in-text", "A raw line end within a text.", '{"a":"\n"}', "malformed", {}),
        ("not-utf8", "A byte that is not UTF-8.", b'{"a":"\xff"}', "malformed", {}),
        ("utf8-surrogate", "A surrogate in UTF-8.", b'{"a":"\xed\xa0\x80"}', "malformed", {}),
        ("bom", "A byte order mark.", b'\xef\xbb\xbf{"a":1}', "malformed", {}),
        ("utf-16", "UTF-16.", '{"a":1}'.encode("utf-16"), "malformed", {}),
        ("depth-901", "One level deeper than a strict reader takes; Python still reads it.", nested(901), "too-large", {}),
        ("depth-1001", "So deep that Python fails at every request.", nested(1001), "too-large", {}),
        (
            "nan",
            "NaN, from a Starlette session: Python fails at every request, so it must not be written.",
            '{"ok":1,"n":[NaN]}',
            "ok",
            {"unsupported": "n"},
        ),
        ("infinity", "-Infinity, as NaN.", '{"m":-Infinity}', "ok", {"unsupported": "m"}),
        (
            "lone-surrogate",
            "A lone surrogate, from a Starlette session: Python fails at every request, so it must not be written.",
            r'{"ok":1,"s":{"t":"a\ud800b"}}',
            "ok",
            {"unsupported": "s"},
        ),
        ("lone-surrogate-key", "A lone surrogate in a key within a value.", r'{"k":{"\udc00":1}}', "ok", {"unsupported": "k"}),
        ("overflowing-float", "1e400: Python fails at every request, so it must not be written.", '{"f":1e400}', "ok", {"unsupported": "f"}),
        (
            "integer-4301-digits",
            "An integer that Python refuses to read, at every request: it must not be written.",
            '{"a":1,"big":[1%s]}' % ("0" * 4300),
            "ok",
            {"unsupported": "big"},
        ),
    ]:
        if fields.get("unsupported"):
            fields = {**fields, "source": text}
        forged("payload-" + name, about, text, expect, **fields)


def times():
    odd = EXPIRES + 1
    for name, about, expect, kw in [
        ("last-second", "One second before it expires.", "ok", dict(now=EXPIRES - 1)),
        ("expires", "At its expiry: expired.", "expired", dict(now=EXPIRES)),
        ("half-to-even-expired", "Half a second before an even expiry: Python's round goes to even, expired.", "expired", dict(now=EXPIRES - 0.5)),
        ("half-to-even-valid", "Half a second before an odd expiry: Python's round goes to even, still valid.", "ok", dict(now=odd - 0.5, at=odd)),
        ("quarter-before", "A quarter of a second before the expiry rounds up: expired.", "expired", dict(now=EXPIRES - 0.25)),
        ("three-quarters-before", "Three quarters of a second before the expiry rounds down: still valid.", "ok", dict(now=EXPIRES - 0.75)),
        (
            "beyond-max-age",
            "An expiry later than max_age from now, as an app with a longer one writes: there is no future here.",
            "ok",
            dict(at=EXPIRES * 2),
        ),
        ("year-9999", "The last second of the year 9999.", "ok", dict(at=253402300799)),
        ("year-10000", "The first second of the year 10000: Python reads it, a strict reader does not.", "malformed", dict(at=253402300800)),
        ("2-63", "2^63: Python reads it, a strict reader does not.", "malformed", dict(at=2**63)),
        ("zero", "Expired in 1970.", "expired", dict(at=0)),
        ("negative", "Expired before 1970, which no clock writes.", "malformed", dict(at=-5)),
    ]:
        forged("time-" + name, about, COMPACT, expect, **kw)
    for name, at in [("half-even", WRITTEN + 0.5), ("half-odd", WRITTEN + 1.5), ("quarter", WRITTEN + 0.25), ("three-quarters", WRITTEN + 0.75)]:
        written(f"time-write-{name}", "The writer rounds its clock half to even.", at=at)


def aads():
    """What stands behind the marker."""
    e = str(EXPIRES)
    authentic = "authentic: Python reads it, a strict reader does not."
    for name, about, aad in [
        ("empty-object", "{}: no key is needed to make Python fail.", "{}"),
        ("list", "[1]: no key is needed to make Python fail.", "[1]"),
        ("not-json", "zz: no key is needed to make Python fail.", "zz"),
        ("text", "The expiry is a text: no key is needed to make Python fail.", '{"expires_at":"z"}'),
        ("null", "The expiry is null: no key is needed to make Python fail.", '{"expires_at":null}'),
        ("not-utf8", "A byte that is not UTF-8.", b'{"expires_at":\xff}'),
        ("leading-zero", "A leading zero: no key is needed to make Python fail.", '{"expires_at":0%s}' % e),
        ("plus", "A plus sign: no key is needed to make Python fail.", '{"expires_at":+%s}' % e),
        ("unclosed", "The object does not end.", '{"expires_at":%s' % e),
        ("trailing", "Text after the object.", expires_at(EXPIRES) + "x"),
        ("empty", "Nothing behind the marker.", ""),
        ("no-digits", "No number.", '{"expires_at":}'),
        ("spaces", f"Spaces, {authentic}", '{"expires_at": %s }' % e),
        ("newline", f"A line end behind, {authentic}", expires_at(EXPIRES) + "\n"),
        ("extra-member", f"A second member, {authentic}", '{"expires_at":%s,"a":1}' % e),
        ("duplicate-member", f"The expiry twice, {authentic}", '{"expires_at":1,"expires_at":%s}' % e),
        ("float", f"The expiry with a fraction, {authentic}", '{"expires_at":%s.5}' % e),
        ("exponent", f"The expiry with an exponent, {authentic}", '{"expires_at":1.7012096e9}'),
        ("long", "Longer than 64 bytes, authentic: Python reads it, a strict reader does not.", '{"expires_at":%s%s}' % (e, " " * 64)),
        ("escaped-name", f"Another spelling of the name, {authentic}", '{"expires\\u005fat":%s}' % e),
        ("true", "The expiry is true: Python takes it for 1, expired.", '{"expires_at":true}'),
    ]:
        forged("aad-" + name, about, COMPACT, "malformed", aad=aad)


def changed(value, offset):
    """value with one bit flipped in the byte at offset of what it decodes to."""
    raw = bytearray(base64.b64decode(value))
    raw[offset] ^= 1
    return base64.b64encode(raw).decode()


def rebuilt(value, change):
    return base64.b64encode(change(base64.b64decode(value))).decode()


def spellings():
    """One good value, altered; and other ways to write it."""
    # A value that holds all that has another spelling.
    for n in range(100, 1000):
        text = json.dumps({"n": n, "b": "xy"}, separators=(",", ":"))
        set_nonce(f"spelling {n}")
        good = seal(text, expires_at(EXPIRES))
        if "+" in good and "/" in good:
            break
    assert good.endswith("=")
    aad = len(base64.b64decode(good)) - len(expires_at(EXPIRES))
    last = good.rstrip("=")[-1]
    lenient = "Python reads it, a strict reader does not."
    for name, about, value, expect in [
        ("nonce-changed", "One bit of the nonce changed.", changed(good, 0), "unauthentic"),
        ("ciphertext-changed", "One bit of the ciphertext changed.", changed(good, 12), "unauthentic"),
        ("tag-changed", "One bit of the tag changed.", changed(good, aad - len(MARKER) - 1), "unauthentic"),
        ("aad-changed", "A later expiry in the AAD.", rebuilt(good, lambda raw: raw.replace(b":17012", b":17013")), "unauthentic"),
        (
            "aad-changed-expired",
            "An earlier expiry in the AAD: expired by its own word, but not authentic.",
            rebuilt(good, lambda raw: raw.replace(b":17012", b":16012")),
            "unauthentic",
        ),
        ("marker-changed", "One letter of the marker changed: Python sees no AAD.", changed(good, aad - 5), "malformed"),
        ("no-marker", "Nothing behind the tag.", rebuilt(good, lambda raw: raw[: aad - len(MARKER)]), "malformed"),
        (
            "no-marker-no-aad",
            "Sealed without AAD and marker.",
            base64.b64encode(world.nonce + AESGCM(KEY).encrypt(world.nonce, text.encode(), None)).decode(),
            "malformed",
        ),
        ("marker-only", "The marker alone.", base64.b64encode(MARKER).decode(), "malformed"),
        ("marker-and-aad", "The marker and an AAD, nothing before.", base64.b64encode(MARKER + expires_at(EXPIRES).encode()).decode(), "malformed"),
        ("marker-twice", f"The marker twice: {lenient}", rebuilt(good, lambda raw: raw[:aad] + MARKER + raw[aad:]), "unauthentic"),
        ("marker-in-nonce", "A second marker and AAD in front.", rebuilt(good, lambda raw: raw[aad - len(MARKER) :] + raw), "unauthentic"),
        ("aad-twice", "Marker and AAD twice.", rebuilt(good, lambda raw: raw + raw[aad - len(MARKER) :]), "unauthentic"),
        ("tag-short", "The tag lacks a byte.", rebuilt(good, lambda raw: raw[: aad - len(MARKER) - 1] + raw[aad - len(MARKER) :]), "unauthentic"),
        ("nonce-only", "A nonce, no ciphertext.", rebuilt(good, lambda raw: raw[:12] + raw[aad - len(MARKER) :]), "malformed"),
        ("empty-plaintext", "Nonce and tag of nothing, wrong.", rebuilt(good, lambda raw: raw[:28] + raw[aad - len(MARKER) :]), "unauthentic"),
        ("truncated", "The last characters are missing.", good[:-8], "malformed"),
        ("unpadded", "Without padding, which Python cannot decode.", good.rstrip("="), "malformed"),
        ("overpadded", f"With padding to spare: {lenient}", good + "====", "malformed"),
        ("spare-bits", f"With spare bits set: {lenient}", good.rstrip("=")[:-1] + chr(ord(last) + 1) + "=" * good.count("="), "malformed"),
        ("urlsafe", "In the URL-safe alphabet.", good.replace("+", "-").replace("/", "_"), "malformed"),
        ("newline", f"A line end within: {lenient}", good[:8] + "\n" + good[8:], "malformed"),
        ("foreign", f"A foreign character within: {lenient}", good[:8] + "!" + good[8:], "malformed"),
        ("padding-within", f"Padding within: {lenient}", good[:8] + "====" + good[8:], "malformed"),
        ("empty", "An empty value.", "", "no-cookie"),
        ("short", "Four characters.", "AAAA", "malformed"),
        ("not-base64", "One character.", "A", "malformed"),
        ("starlette", "A Starlette session, which an app that changed framework still gets.", STARLETTE, "malformed"),
    ]:
        sent("spelling-" + name, about, value, expect)

    holds = {"value": good, "json": text, "expires_at": EXPIRES}
    for name, about, pair in [
        ("unquoted", "Without the quotes that http.cookies puts around = and /.", good),
        ("percent-encoded", "Percent-encoded, which Litestar decodes.", quote(good, safe="")),
        (
            "percent-encoded-lower",
            "Percent-encoded in lower case, within quotes.",
            '"%s"' % quote(good, safe="").replace("%2B", "%2b").replace("%3D", "%3d"),
        ),
        ("octal", "In double quotes, = as an octal escape, as http.cookies writes odd characters.", '"%s"' % good.replace("=", "\\075")),
    ]:
        emit("spelling-" + name, about, [f"session={pair}"], "ok", **holds)
    emit("spelling-percent-junk", f"A percent sign that encodes nothing stays as it is: {lenient}", ["session=" + good + "%zz"], "malformed")


STARLETTE = "eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w"


def cut(value, size, name="session"):
    """value as cookies of size characters each."""
    return [f"{name}-{n}={value[i : i + size]}" for n, i in enumerate(range(0, len(value), size))]


def chunks():
    written("chunks-two", "Two chunks.", TWO_CHUNKS)
    written("chunks-ten", "Ten chunks: all that Python's sort of names can read back.", padded(28000))
    written("chunks-eleven", "Eleven chunks: Python sorts session-10 before session-2 and cannot read what it wrote, we can.", padded(30500))
    three, _ = write(padded(6500), "three")
    assert len(three) == 3
    for name, about, kept in [
        ("first", "first", (1, 2)),
        ("middle", "middle", (0, 2)),
        ("last", "last", (0, 1)),
        ("all-but-last", "first and the middle", (2,)),
    ]:
        emit(f"chunks-missing-{name}", f"The {about} of three chunks did not arrive.", [three[i] for i in kept], "incomplete")
    emit("chunks-truncated", "A browser or proxy cut one cookie at 4096 bytes.", ["session=" + joined(three)[:4088]], "malformed")
    emit("chunks-null", "Every chunk is null: cleared, but still sent.", ["session-0=null", "session-1=null"], "no-cookie")

    small, _ = write(SESSION, "small")
    value, holds = joined(small), known(small)
    nothing = seal(COMPACT, expires_at(EXPIRES + 5), key=bytes(16))
    emit("chunks-order", "The chunks arrive in another order.", cut(value, 60)[::-1], "ok", **holds)
    emit("chunks-any-size", "Chunks of eight characters, more than ten: Python cannot read them, we can.", cut(value, 8), "ok", **holds)
    emit("chunks-one-numbered", "One chunk, named session-0, as Starlite and Litestar up to 2.6.0 write it.", cut(value, 4032), "ok", **holds)
    emit(
        "chunks-percent-encoded",
        "Chunks that were percent-encoded one by one.",
        [name + "=" + quote(piece, safe="") for name, piece in (c.split("=", 1) for c in cut(value, 60))],
        "ok",
        **holds,
    )
    emit("chunks-64", "64 chunks, the most that a strict reader joins; Python sorts their names as text and cannot.", exactly(value, 64), "ok", **holds)
    emit("chunks-65", "65 chunks, one more than a strict reader joins.", exactly(value, 65), "too-large")
    emit("chunks-huge-number", "A chunk with a number that no session has, another app's perhaps: it spoils nothing.", [f"session-0={value}", "session-99999999999999999999=x"], "ok", **holds)
    emit(
        "chunks-parallel",
        "A response with two chunks came after a parallel one with three, whose last chunk stays behind.",
        [*cut(value, len(value) * 2 // 3), "session-2=" + nothing[-60:]],
        "ok",
        **holds,
    )
    emit("chunks-duplicate", "A chunk that is there twice: the last counts.", ["session-0=AAAA", *cut(value, 60)], "ok", **holds)
    emit("chunks-duplicate-bare", "The bare cookie twice: the last counts.", ["session=AAAA", *small], "ok", **holds)
    emit(
        "chunks-foreign-names",
        "Names that only contain the session's are not its.",
        [f"mysession={nothing}", *small, f"session_id={nothing}", f"session-x={nothing}", f"session-={nothing}", f"Session={nothing}"],
        "ok",
        **holds,
    )
    emit(
        "chunks-foreign-leading-zero",
        "session-01 is nothing that Python writes, but it takes it for a chunk: we do not.",
        [*small, "session-01=AAAA"],
        "ok",
        **holds,
    )
    emit(
        "chunks-clear-foreign",
        "Clearing leaves the cookies of other names alone.",
        ["mysession=1", *small, "session-x=1", "session_id=1"],
        "ok",
        then="clear",
        act=clear,
        cleared=["session"],
        **holds,
    )
    emit("chunks-clear-none", "Nothing to clear: the browser sent nothing.", [], "no-cookie", then="clear", act=clear)
    emit("chunks-none", "No cookie at all.", ["other=1"], "no-cookie")
    big = seal('{"t":"%s"}' % ("0123456789abcdef" * 3100), expires_at(EXPIRES))
    assert len(big) > 64 << 10
    emit("chunks-above-limit", "Above 64 KiB, authentic: a strict reader refuses the size.", cut(big, 4032), "too-large")


def exactly(value, count):
    """value in count chunks, most of one size and the last with the rest."""
    size = len(value) // count
    head = cut(value[: size * (count - 1)], size)
    return [*head, f"session-{count - 1}={value[size * (count - 1) :]}"]


def stale():
    """Left-overs of another number of chunks, beside the session."""
    small_old, _ = write({"old": 1}, "small old", WRITTEN)
    small_new, _ = write({"new": 12}, "small new", WRITTEN + 50)
    large_old, _ = write(padded(3300, {"old": 1}), "large old", WRITTEN)
    large_new, _ = write(padded(3300, {"new": 1}), "large new", WRITTEN + 50)
    expired, _ = write({"old": 1}, "small expired", READ - MAX_AGE - 10)
    other = seal('{"old":1}', expires_at(EXPIRES + 60), key=bytes(16))
    assert joined(small_old).endswith("=") and not joined(small_new).endswith("=")
    one_old = [c.replace("session=", "session-0=", 1) for c in small_old]
    one_new = [c.replace("session=", "session-0=", 1) for c in small_new]
    for name, about, cookies, wins in [
        (
            "bare-older",
            "The bare cookie is older than the chunks, and ends in =, where Python's base64 stops: it reads the stale one.",
            small_old + large_new,
            large_new,
        ),
        ("bare-newer", "The bare cookie is newer than the chunks.", small_new + large_old, small_new),
        ("bare-expired", "The bare cookie has expired, the chunks have not.", expired + large_new, large_new),
        ("bare-unauthentic", "The bare cookie is of another key, and claims to expire later.", [f"session={other}"] + large_new, large_new),
        ("bare-null", "The bare cookie is null.", ["session=null"] + large_new, large_new),
        ("numbered-older", "A single chunk session-0 is older than the bare cookie.", one_old + small_new, small_new),
        ("numbered-newer", "A single chunk session-0 is newer than the bare cookie.", small_old + one_new, one_new),
        ("numbered-incomplete", "Of older chunks only the second is left, beside a bare cookie.", large_old[1:] + small_new, small_new),
        ("numbered-null", "The chunks are null, the bare cookie is good.", small_new + ["session-0=null", "session-1=null"], small_new),
        ("numbered-junk", "A chunk of junk beside a bare cookie.", small_new + ["session-0=junk"], small_new),
        (
            "split-name",
            "The first chunk is named session, as nothing writes it, but Python joins it so.",
            [large_new[0].replace("session-0", "session"), large_new[1].replace("session-1", "session-0")],
            large_new,
        ),
    ]:
        emit("stale-" + name, about + " Python joins them all.", cookies, "ok", **known(wins))
    for name, about, cookies, wins, session, cleared in [
        (
            "bare",
            "The stale bare cookie is cleared when the chunks are written.",
            small_old + large_new,
            large_new,
            padded(3300, {"new": 1}),
            ["session"],
        ),
        ("numbered", "Stale chunks are cleared when the bare cookie is written.", large_old + small_new, small_new, {"new": 12}, names(large_old)),
    ]:
        set_nonce("stale write " + name)
        emit(f"stale-{name}-write", about, cookies, "ok", then="write", act=rewrite(session), cleared=cleared, **known(wins))
    emit(
        "stale-clear",
        "Clearing clears all that was sent.",
        small_old + large_new,
        "ok",
        then="clear",
        act=clear,
        cleared=["session", *names(large_new)],
        **known(large_new),
    )


def keys():
    for size in (16, 24, 32):
        written(f"key-{size}-bytes", f"AES-{size * 8}.", options={"secret": bytes(range(100, 100 + size))})
    set_nonce("previous")
    old = seal(COMPACT, expires_at(EXPIRES), key=bytes(32))
    emit(
        "key-previous",
        "Sealed with the key before, which Python cannot keep: a strict reader with both opens it.",
        [f"session={old}"],
        "ok",
        previous=(bytes(32),),
        value=old,
        json=COMPACT,
        expires_at=EXPIRES,
        key_index=1,
    )
    sent("key-wrong", "Sealed with another key.", old, "unauthentic")
    for name, key, cookies in [("dot", "s.e", ["s-e=junk", "sxe=junk"]), ("plus", "a+b", ["aab=junk"])]:
        small, lines = write(SESSION, "name " + name, options={"key": key})
        emit(
            f"name-{name}",
            "A name with a character that Python does not escape in its pattern: it takes foreign cookies, or never its own.",
            [*cookies, *small],
            "ok",
            options={"key": key},
            **known(small),
        )
    for name, options in [
        ("host-prefix", {"key": "__Host-session", "secure": True}),
        ("same-site-none", {"samesite": "none", "secure": True}),
        ("path", {"path": "/app"}),
        ("domain", {"domain": "example.org"}),
        ("max-age", {"max_age": 1}),
    ]:
        written("cookies-" + name, "The Set-Cookie line with one option: " + ", ".join(options) + ".", options=options, now=WRITTEN)


every_release()
if RELEASE == NEWEST:
    for table in (sessions, readings, times, aads, spellings, chunks, stale, keys):
        table()
