"""Writes the vectors of one installed Starlette: starlette_vectors.py OUTDIR

Every release gets the scenarios of every_release, the newest the other tables too.
"""

import sys

from vectorlib import Apart, EXPIRES, MAX_AGE, READ, WRITTEN, differs, joined, made_by, outcome, pairs, request, save, world  # first

import base64
import inspect
import json
from importlib.metadata import version

import itsdangerous
from starlette.middleware.sessions import SessionMiddleware

OUT = sys.argv[1]
VERSION = version("starlette")
RELEASE = tuple(int(n) for n in VERSION.split("."))
NEWEST = "1.10.0"
UNTIMED = RELEASE < (0, 8)
ASGI2 = len(inspect.signature(SessionMiddleware.__call__).parameters) == 2

YEAR_9999 = 253402300799  # its last second: no later time can be told
SECRET = "a-secret-of-the-vectors"
SESSION = {"user": "zoë", "n": 1, "f": 1e16}
SOURCE = '{"user":"zoë","n":1,"f":1e16}'


def key(secret):
    """The bytes that the signer gets from secret_key."""
    if isinstance(secret, bytes) and RELEASE < (0, 9, 5):
        return secret
    return str(secret).encode()


def run(options, cookies, act=None, previous=()):
    """One request through the middleware. Returns what the app got, and the Set-Cookie lines."""
    seen = []
    done = {"type": "http.response.start", "status": 200, "headers": []}

    async def respond(scope, send):
        session = scope["session"]
        seen.append(dict(session) if isinstance(session, dict) else session)
        if act:
            act(session)
        await send(done)
        await send({"type": "http.response.body", "body": b""})

    if ASGI2:

        def app(scope):
            async def instance(receive, send):
                await respond(scope, send)

            return instance
    else:

        async def app(scope, receive, send):
            await respond(scope, send)

    middleware = SessionMiddleware(app, **options)
    if previous:
        middleware.signer = itsdangerous.TimestampSigner([*reversed(previous), options["secret_key"]])
    lines = request(middleware, cookies, double_callable=ASGI2)
    return seen[0], lines


def sign(payload, at=WRITTEN, secret=SECRET, untimed=UNTIMED):
    """payload under the package's own signature."""
    world.now = at
    signer = itsdangerous.Signer if untimed else itsdangerous.TimestampSigner
    return signer(key(secret)).sign(payload).decode()


def sign_text(text, **kw):
    return sign(base64.b64encode(text if isinstance(text, bytes) else text.encode()), **kw)


def config(options, previous, untimed):
    secret = options["secret_key"]
    return {
        "key": key(secret).hex(),
        "bytes_secret": secret.hex() if isinstance(secret, bytes) and key(secret) != secret else "",
        "previous": [p.encode().hex() for p in previous],
        "max_age": options.get("max_age", MAX_AGE),
        "name": options.get("session_cookie"),
        "path": options.get("path"),
        "domain": options.get("domain"),
        "insecure": not options.get("https_only"),
        "same_site": options.get("same_site"),
        "partitioned": options.get("partitioned"),
        "untimed": untimed,
    }


def emit(name, about, cookies, expect, now=READ, options=(), previous=(), then=None, act=None, untimed=UNTIMED, **fields):
    """Runs the package on cookies and saves the scenario."""
    options = {"secret_key": SECRET, **dict(options)}
    world.now = now
    try:
        seen, lines = run(options, cookies, act, previous)
        python = outcome(seen)
    except Exception as e:  # whatever the package lets out is the finding
        seen, lines, python = None, [], "error: " + type(e).__name__
    if then:
        fields["set_cookie"] = lines
    signed, max_age = fields.pop("signed_at", None), options.get("max_age", MAX_AGE)
    if untimed:
        signed = None
    expires = signed + max_age if signed is not None and max_age is not None else None
    save(
        OUT,
        name,
        about=about,
        made_by=made_by("starlette", "itsdangerous"),
        format="starlette",
        config=config(options, previous, untimed),
        now=now,
        cookies=cookies,
        expect=expect,
        then=then,
        signed_at=signed,
        expires_at=expires if expires is not None and expires <= YEAR_9999 else None,
        python=python,
        python_read=differs(seen, fields.get("json")) if python == "session" else None,
        **fields,
    )


def written(name, about, session=SESSION, source=None, at=WRITTEN, expect="ok", options=(), **kw):
    """The package writes session; its cookies come back."""
    options = {"secret_key": SECRET, **dict(options)}
    world.now = at
    _, lines = run(options, [], lambda s: s.update(session))
    value = joined(pairs(lines))
    text = base64.b64decode(value.split(".")[0]).decode()
    emit(
        name,
        about,
        pairs(lines),
        expect,
        options=options,
        value=value,
        json=text,
        signed_at=int(at),
        written_at=at,
        reencode=True,
        from_json=source is not None,
        source=source,
        set_cookie=lines,
        **kw,
    )


def forged(name, about, text, expect, at=WRITTEN, **kw):
    """text, which the package may never write, under its own signature."""
    value = sign_text(text, at=at)
    known = {"json": text, "signed_at": at} if expect in ("ok", "expired", "future") else {}
    if kw.get("reencode"):
        known["written_at"] = at
    emit(name, about, [f"session={value}"], expect, value=value, **known, **kw)


def sent(name, about, value, expect, **kw):
    """A cookie value as given."""
    emit(name, about, [f"session={value}"], expect, value=value, **kw)


def every_release():
    v = VERSION
    accepted = set(inspect.signature(SessionMiddleware.__init__).parameters)
    wish = {
        "session_cookie": "sid",
        "max_age": 3600,
        "path": "/app",
        "same_site": "strict",
        "https_only": True,
        "domain": "example.org",
        "partitioned": True,
    }
    options = {"secret_key": SECRET, **{k: x for k, x in wish.items() if k in accepted}}
    name = options.get("session_cookie", "session")
    written(f"{v}-write", f"A session that Starlette {v} wrote and reads back, with its Set-Cookie line.", source=SOURCE)
    written(f"{v}-options", f"Every cookie option that Starlette {v} has, in its Set-Cookie line.", options=options)
    value = sign_text(json.dumps(SESSION))
    known = {"value": value, "json": json.dumps(SESSION), "signed_at": WRITTEN}
    emit(
        f"{v}-clear",
        f"The app empties the session: the clearing line of Starlette {v}, with every option that it has.",
        [f"{name}={value}"],
        "ok",
        then="clear",
        act=lambda s: s.clear(),
        cleared=[name],
        options=options,
        **known,
    )
    for order, cookies in (("last", ["theme=dark", *[f"session={value}"]]), ("first", [*[f"session={value}"], "theme=dark"])):
        emit(
            f"{v}-headers-{order}",
            f"Two Cookie headers, the session in the {order}: Starlette {v} has its own way to read them, a strict reader reads all.",
            Apart(cookies),
            "ok",
            **known,
        )
    sent(f"{v}-null", f"The value null, which a cleared cookie may come back with, read by Starlette {v}.", "null", "no-cookie")
    if UNTIMED:
        sent(f"{v}-tampered", "A changed signature, which this release answers with a 500.", changed(value), "unauthentic")
        odd = sign_text(json.dumps(SESSION), untimed=False)
        sent(
            f"{v}-timed",
            "The timed cookie of a newer Starlette: the signature fits, its time is taken for base64, and Python "
            "reads the session; strict, there is a part too many.",
            odd,
            "malformed",
        )
    else:
        forged(f"{v}-expired", f"One second older than max_age, read by Starlette {v}.", json.dumps(SESSION), "expired", now=EXPIRES + 1)
    if RELEASE in ((0, 9, 4), (0, 9, 9)):
        written(
            f"{v}-bytes-secret",
            "A bytes secret: before 0.9.5 it signs as it is, since then with its printed form.",
            options={"secret_key": b"by\\tes'\xff"},
        )
    if RELEASE == (0, 13, 3):
        forged(
            f"{v}-future",
            "Signed one second ahead of the reader: itsdangerous before 2.0 accepts it, a strict reader does not.",
            json.dumps(SESSION),
            "future",
            now=WRITTEN - 1,
        )
        emit(
            f"{v}-odd-cookie-before",
            "A cookie that SimpleCookie cannot parse comes first: before 0.13.4 Python loses the session, we do not.",
            ["theme={dark}", f"session={value}"],
            "ok",
            **known,
        )
    if RELEASE == (0, 16, 0):
        sent(f"{v}-tampered", "A changed signature: since 0.8 an empty session.", changed(value), "unauthentic")
    if RELEASE == (0, 18, 0):
        options = {"max_age": None}
        written(f"{v}-no-max-age", "max_age None: no Max-Age since 0.18, a 500 before.", options=options)
    if RELEASE == (0, 52, 1):
        forged(f"{v}-number", "A number under a valid signature: before 1.0 the app gets it as its session.", "5", "not-object")


def changed(value, i=-10):
    """value with one other character at i."""
    other = "A" if value[i] != "A" else "B"
    return value[:i] + other + value[i + 1 or len(value) :]


FLOATS = [1.0, -0.0, 0.1, 1e15, 1e16, 1e17, 1e22, 1e-4, 1e-5, 1e-6, 1.5e300, 5e-324, sys.float_info.max, 123456789012345680.0]
FLOATS_SOURCE = (
    '{"f":[1.0,-0.0,0.1,1000000000000000.0,1e16,1e17,1e22,0.0001,0.00001,1e-6,1.5e300,5e-324,1.7976931348623157e308,123456789012345680.0]}'
)
INTS = [0, -1, 2**53 + 1, 2**63, 2**64, 2**70, -(2**70)]


def nested(depth):
    """JSON text that nests so deep, the session itself included."""
    return '{"a": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def compact(session):
    return json.dumps(session, separators=(",", ":"), ensure_ascii=False)


def sessions():
    """What json.dumps makes of sessions, and what both sides read back: the dialect."""
    control = {"c": "".join(map(chr, range(0x21))) + "\x7f\x80"}
    for name, about, session, source in [
        ("floats", "Floats as Python spells them: 1e+16, 1e-05, 1.0, -0.0.", {"f": FLOATS}, FLOATS_SOURCE),
        ("integers", "Integers beyond 64 bits stay exact.", {"i": INTS}, None),
        ("integer-4300-digits", "The longest integer that Python reads.", {"i": 10**4299}, None),
        ("control-characters", "U+0000 to U+0020, U+007F and U+0080.", control, json.dumps(control)),
        (
            "unicode",
            "Line separators, an astral character and the last of the basic plane, all escaped.",
            {"t": "\u2028\u2029\U0001f600\uffff\u00e9"},
            None,
        ),
        ("key-unicode", "Keys are escaped as values are; the empty key is one too.", {'\u00e9"\\': 1, "": 2}, None),
        ("lone-surrogate", "A lone surrogate, which Python's json carries.", {"s": "a\ud800b"}, r'{"s":"a\ud800b"}'),
        ("nan-infinity", "NaN and the infinities, which only Python's json reads.", {"n": float("nan"), "p": float("inf"), "m": -float("inf")}, None),
        ("markup", "Nothing of <, >, &, / and ' is escaped.", {"h": "<a href='/'>&</a>"}, None),
        ("quotes", "Quotes and backslashes.", {"q": '"\\"\\u0041'}, None),
        ("nested", "Empty and nested values.", {"a": {}, "b": [], "c": [[], {}, [[1]]], "d": {"e": {"f": None}}}, None),
        ("literals", "true, false and null.", {"t": True, "f": False, "n": None}, None),
        ("key-order", "Keys keep the order of insertion, numbers among them too.", {"10": 1, "9": 2, "b": 3, "a": 4}, None),
        ("key-not-text", "Keys that are no text become text.", {2: "a", True: "b", None: "c", 1.5: "d"}, None),
        ("depth-900", "The deepest session that a strict reader takes.", json.loads(nested(900)), None),
        ("like-a-signature", "Dots and equals signs within the session.", {"a.b": "c.d==.e"}, None),
    ]:
        written("json-" + name, about, session, source or compact(session))


def readings():
    """Payloads under a valid signature that json.dumps would not write."""
    again = {"reencode": True}
    for name, about, text, expect, fields in [
        ("empty-session", "A signed {}: an empty session, which Python does not write.", "{}", "ok", again),
        ("number-spellings", "Numbers as others spell them stay as they are.", '{"a": 1E5, "b": 1e5, "c": -0, "d": 0.10, "e": 1.0e+2}', "ok", again),
        ("overflowing-float", "1e400, which Python reads as Infinity, stays as it is.", '{"a": 1e400}', "ok", again),
        ("escape-spellings", "Escapes as others spell them stay as they are.", '{"a": "\\/\\u00E9\\u0041\u00e9"}', "ok", again),
        ("nested-spacing", "Spaces within a value stay as they are.", '{"a": {"b":1,  "c" : [ ]}}', "ok", again),
        ("compact", "Written without spaces.", '{"a":1,"b":[1,2]}', "ok", {}),
        ("spaced", "White space around everything.", ' \t\r\n{ "a" : 1 }\n', "ok", {}),
        ("duplicate-keys", "Of a key that is there twice the last value counts, at the first place.", '{"a": 1, "b": 2, "a": 3}', "ok", {}),
        ("null", "null is no session; Python 1.x fails.", "null", "not-object", {}),
        ("number", "A number is no session; Python 1.x fails.", "5", "not-object", {}),
        ("text", "A text is no session; Python 1.x fails.", '"a"', "not-object", {}),
        ("empty-text", "An empty text is no session; Python 1.x makes it an empty one.", '""', "not-object", {}),
        ("list", "A list is no session; Python 1.x fails.", "[1]", "not-object", {}),
        ("empty-list", "An empty list is no session; Python 1.x makes it an empty one.", "[]", "not-object", {}),
        ("list-of-pairs", "A list of pairs is no session; Python 1.x makes a dict of it.", '[["a", 1]]', "not-object", {}),
        ("bad-json", "An object that does not end.", '{"a": 1', "malformed", {}),
        ("trailing", "Text after the object.", '{"a": 1} x', "malformed", {}),
        ("trailing-comma", "A comma too many.", '{"a": 1,}', "malformed", {}),
        ("no-text", "An empty payload.", "", "malformed", {}),
        ("control-in-text", "A raw line end within a text.", '{"a": "\n"}', "malformed", {}),
        ("leading-zero", "A number with a leading zero.", '{"a": 01}', "malformed", {}),
        ("not-utf8", "A byte that is not UTF-8.", b'{"a": "\xff"}', "malformed", {}),
        ("utf8-surrogate", "A surrogate in UTF-8: Python reads it, a strict reader does not.", b'{"a": "\xed\xa0\x80"}', "malformed", {}),
        ("bom", "A byte order mark: Python reads it, a strict reader does not.", b'\xef\xbb\xbf{"a": 1}', "malformed", {}),
        ("utf-16", "UTF-16: Python reads it, a strict reader does not.", '{"a": 1}'.encode("utf-16"), "malformed", {}),
        ("utf-32", "UTF-32: Python reads it, a strict reader does not.", '{"a": 1}'.encode("utf-32"), "malformed", {}),
        ("depth-901", "One level deeper than a strict reader takes; Python still reads it.", nested(901), "too-large", {}),
        ("depth-1001", "So deep that Python fails at every request.", nested(1001), "too-large", {}),
        (
            "integer-4301-digits",
            "An integer that Python refuses to read, at every request: it must not be written.",
            '{"a": 1, "big": [1%s]}' % ("0" * 4300),
            "ok",
            {"unsupported": "big"},
        ),
    ]:
        if fields.get("unsupported"):
            fields = {**fields, "source": text}
        forged("payload-" + name, about, text, expect, **fields)


def times():
    text = json.dumps(SESSION)
    for name, about, expect, kw in [
        ("expires-at-edge", "Exactly max_age old: still valid.", "ok", dict(now=EXPIRES)),
        ("expires-within-edge", "max_age and three quarters of a second old: Python floors, still valid.", "ok", dict(now=EXPIRES + 0.75)),
        ("expired", "One second older than max_age.", "expired", dict(now=EXPIRES + 1)),
        ("signed-now", "Read in the second in which it was signed.", "ok", dict(now=WRITTEN)),
        ("future", "Signed one second ahead of the reader: its clock lags, and its user is logged out.", "future", dict(now=WRITTEN - 1)),
        ("future-fraction", "A quarter of a second ahead, but of the second before: in the future too.", "future", dict(now=WRITTEN - 0.25)),
        ("no-max-age-old", "Without max_age nothing expires.", "ok", dict(now=EXPIRES * 2, options={"max_age": None})),
        ("no-max-age-future", "Without max_age the future is not looked at either.", "ok", dict(now=WRITTEN - 1000, options={"max_age": None})),
        ("second-zero", "Signed in 1970: an empty timestamp.", "expired", dict(at=0)),
        ("second-one", "Signed one second after.", "ok", dict(at=1, now=2)),
    ]:
        forged("time-" + name, about, text, expect, **kw)
    written("time-no-max-age-write", "max_age None: no Max-Age in the Set-Cookie line.", options={"max_age": None})
    written("time-fraction-write", "The clock's fraction is dropped.", at=WRITTEN + 0.75)
    payload = base64.b64encode(text.encode()).decode()
    for name, about, stamp, expect in [
        (
            "bytes-8-zeros",
            "A timestamp of leading zero bytes under a valid signature: Python reads it, strict there is one spelling.",
            (WRITTEN).to_bytes(8, "big"),
            "malformed",
        ),
        ("bytes-9", "A timestamp of nine bytes under a valid signature.", (WRITTEN).to_bytes(9, "big"), "malformed"),
        ("year-9999", "The last second of the year 9999.", YEAR_9999.to_bytes(5, "big"), "future"),
        (
            "year-10000",
            "The first second of the year 10000 under a valid signature: a 500 in Python.",
            (YEAR_9999 + 1).to_bytes(5, "big"),
            "malformed",
        ),
        ("2-63", "2^63 under a valid signature: a 500 in Python.", (2**63).to_bytes(8, "big"), "malformed"),
        ("2-64-less-1", "2^64-1 under a valid signature: a 500 in Python.", b"\xff" * 8, "malformed"),
    ]:
        at = int.from_bytes(stamp, "big")
        value = sign(f"{payload}.".encode() + base64.urlsafe_b64encode(stamp).rstrip(b"="), untimed=True)
        known = {"json": text, "signed_at": at} if expect == "future" else {}
        sent("timestamp-" + name, about, value, expect, **known)
        if expect == "malformed" and at > 2**40:
            sent(f"timestamp-{name}-forged", about.replace("a valid", "a wrong").replace("a 500", "rejected"), changed(value), "malformed")
    for name, about, stamp in [
        ("not-base64", "A timestamp that is not base64, under a valid signature.", "!!"),
        ("one-character", "A timestamp of one character, under a valid signature.", "A"),
        ("padded", "A timestamp with padding, under a valid signature: Python reads it, a strict reader does not.", "ZVPxAA=="),
        ("spare-bits", "A timestamp with spare bits set, under a valid signature: Python reads it, a strict reader does not.", "ZVPxAB"),
    ]:
        sent("timestamp-" + name, about, sign(f"{payload}.{stamp}".encode(), untimed=True), "malformed")
    sent("timestamp-missing", "The untimed cookie of Starlette before 0.8.", sign(payload.encode(), untimed=True), "malformed")


def spellings():
    """One good value, altered; and other ways to write it."""
    # A session whose payload and signature hold all that has another spelling.
    for n in range(100, 1000):
        text = json.dumps({"aaa": "???>>>", "n": n, "b": "x"})
        good = sign_text(text)
        payload, stamp, sig = good.split(".")
        if "-" in sig and "_" in sig:
            break
    assert "/" in payload and "+" in payload and payload.endswith("=")
    known = {"json": text, "signed_at": WRITTEN}
    lenient = "Python reads it, a strict reader does not."

    def signed(p):
        return sign(p.encode())

    for name, about, value, expect in [
        ("signature-padded", f"The signature with padding: {lenient}", good + "=", "malformed"),
        (
            "signature-standard",
            f"The signature in the standard alphabet: {lenient}",
            f"{payload}.{stamp}." + sig.replace("-", "+").replace("_", "/"),
            "malformed",
        ),
        ("signature-foreign", f"Foreign characters in the signature: {lenient}", good[:-5] + "!!!!" + good[-5:], "malformed"),
        ("signature-spare-bits", f"The signature's spare bits changed: {lenient}", good[:-1] + chr(ord(good[-1]) + 1), "malformed"),
        ("signature-changed", "One character of the signature changed.", changed(good), "unauthentic"),
        ("signature-short", "The signature lacks its last character.", good[:-1], "malformed"),
        ("signature-empty", "No signature after the dot.", f"{payload}.{stamp}.", "malformed"),
        ("signature-sha256", "A signature of the length of SHA-256.", f"{payload}.{stamp}." + "A" * 43, "malformed"),
        (
            "payload-changed",
            "Another payload under the signature.",
            signed(payload).replace(payload, base64.b64encode(b'{"a": 1}').decode()),
            "unauthentic",
        ),
        (
            "payload-percent-encoded",
            "%3D for the padding: Python does not decode it, and sees a bad signature.",
            good.replace("=", "%3D"),
            "malformed",
        ),
        ("timestamp-changed", "Another time under the signature.", f"{payload}.ZVPxAQ.{sig}", "unauthentic"),
        ("payload-unpadded", "A signed payload without padding, which Python cannot decode.", signed(payload.rstrip("=")), "malformed"),
        ("payload-urlsafe", "A signed payload in the URL-safe alphabet.", signed(payload.replace("/", "_").replace("+", "-")), "malformed"),
        ("payload-foreign", f"A foreign character in a signed payload: {lenient}", signed(payload[:4] + "!" + payload[4:]), "malformed"),
        ("payload-newline", f"A line end in a signed payload: {lenient}", signed(payload[:4] + "\n" + payload[4:]), "malformed"),
        (
            "payload-spare-bits",
            f"A signed payload with spare bits set: {lenient}",
            signed(payload.rstrip("=")[:-1] + chr(ord(payload.rstrip("=")[-1]) + 1) + "=" * payload.count("=")),
            "malformed",
        ),
        ("payload-overpadded", f"A signed payload with padding to spare: {lenient}", signed(payload + "===="), "malformed"),
        ("payload-not-base64", "A signed payload that is no base64.", signed("a"), "malformed"),
        (
            "payload-dotted",
            "A dot more, in a signed payload: Python stops at the padding before it and reads {}, a strict reader does not.",
            signed("e30=." + payload),
            "malformed",
        ),
        ("empty", "An empty value.", "", "no-cookie"),
        ("dot", "A dot.", ".", "malformed"),
        ("dots", "Dots only.", "...", "malformed"),
        ("no-dot", "No dot at all.", "abc", "malformed"),
        ("one-dot", "One dot: a part is missing.", "abc.def", "malformed"),
        ("litestar", "A Litestar session, which an app that changed framework still gets.", LITESTAR, "malformed"),
        ("jwt", "A JSON Web Token, which is three parts too.", JWT, "malformed"),
    ]:
        sent("spelling-" + name, about, value, expect, now=READ)

    for name, about, value in [
        ("quoted", "In double quotes, which Python strips.", f'"{good}"'),
        ("octal", "In double quotes, = as an octal escape, as http.cookies writes odd characters.", '"%s"' % good.replace("=", "\\075")),
    ]:
        emit("spelling-" + name, about, [f"session={value}"], "ok", value=good, **known)


LITESTAR = "AAAAAAAAAAAAAAAAMvTyIPzphLbB8xWry6PNMGcBYYh9JAdcbFrBVuEO5mFkZGl0aW9uYWxfYXV0aGVudGljYXRlZF9kYXRhPXsiZXhwaXJlc19hdCI6MTcwMTIwOTYwMH0="
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.U0lHTkFUVVJFU0lHTkFUVVJFU0lHTkFUVVJFU0lHTkE"


def cookies():
    """What a browser may send besides."""
    text, other = json.dumps(SESSION), json.dumps({"other": True})
    good, second = sign_text(text), sign_text(other)
    known = {"value": good, "json": text, "signed_at": WRITTEN}
    for name, about, sent_cookies, kw in [
        ("last-wins", "Twice the same name: the last counts.", [f"session={second}", f"session={good}"], known),
        ("last-wins-broken", "Twice the same name: the last counts, even when only the first is good.", [f"session={good}", "session=x"], {}),
        (
            "foreign-names",
            "Names that only contain the session's are not its.",
            [f"mysession={second}", f"session={good}", f"session_id={second}", f"Session={second}", f"session-0={second}"],
            known,
        ),
        ("foreign-only", "Only cookies of other names.", [f"sessions={good}", f"SESSION={good}"], {}),
        ("odd-cookies", "Cookies that no grammar allows do not hide the session.", ["theme={dark}", "a b", "=x", '"', f"session={good}"], known),
        ("none", "No cookie at all.", [], {}),
    ]:
        expect = "ok" if kw else "malformed" if "broken" in name else "no-cookie"
        emit("cookies-" + name, about, sent_cookies, expect, **kw)
    emit("cookies-clear-none", "Nothing to clear: the browser sent nothing.", [], "no-cookie", then="clear", act=lambda s: s.clear())
    emit(
        "cookies-clear-foreign",
        "Clearing leaves the cookies of other names alone.",
        ["mysession=1", f"session={good}", "session-0=1"],
        "ok",
        then="clear",
        act=lambda s: s.clear(),
        cleared=["session"],
        **known,
    )
    emit(
        "cookies-clear-default",
        "The clearing line without options.",
        [f"session={good}"],
        "ok",
        then="clear",
        act=lambda s: s.clear(),
        cleared=["session"],
        **known,
    )
    emit(
        "cookies-clear-empty-session",
        "The cookie of an empty session is cleared too, since 0.12.",
        [f"session={sign_text('{}')}"],
        "ok",
        then="clear",
        act=lambda s: s.clear(),
        cleared=["session"],
        value=sign_text("{}"),
        json="{}",
        signed_at=WRITTEN,
    )
    for name, options in [
        ("host-prefix", {"session_cookie": "__Host-session", "https_only": True}),
        ("same-site-none", {"same_site": "none", "https_only": True}),
        ("path", {"path": "/app"}),
        ("domain", {"domain": "example.org"}),
        ("partitioned", {"partitioned": True, "https_only": True}),
    ]:
        written("cookies-" + name, "The Set-Cookie line with one option: " + ", ".join(options) + ".", options=options)


def keys():
    text = json.dumps(SESSION)
    old = sign_text(text, secret="old secret")
    known = {"value": old, "json": text, "signed_at": WRITTEN, "key_index": 1}
    emit(
        "key-previous",
        "Signed with the key before: the app's signer is TimestampSigner([old, new]).",
        [f"session={old}"],
        "ok",
        previous=("old secret",),
        **known,
    )
    emit(
        "key-second-previous",
        "Signed with the key before the one before.",
        [f"session={old}"],
        "ok",
        previous=("older secret", "old secret"),
        **{**known, "key_index": 2},
    )
    emit(
        "key-previous-expired",
        "Signed with the key before, and expired.",
        [f"session={old}"],
        "expired",
        now=EXPIRES + 1,
        previous=("old secret",),
        **known,
    )
    sent("key-wrong", "Signed with another key.", old, "unauthentic")
    for name, secret in [
        ("long", "k" * 65),
        ("utf-8", "schl\u00fcssel \u20ac"),
        ("one-character", "k"),
        ("spaces", " k "),
        ("bytes", b"plain"),
        ("bytes-quotes", b'it\'s "both"'),
        ("bytes-single-quote", b"it's"),
        ("bytes-binary", bytes(range(256))),
    ]:
        written(f"key-{name}", f"A secret of another kind: {name.replace('-', ' ')}.", options={"secret_key": secret})


def large():
    word = "0123456789abcdef"
    written("large-above-browser", "Above 4096 bytes of name and value: Python sets it, browsers drop it.", {"t": word * 200}, source=None)
    value = sign_text(json.dumps({"t": word * 3100}))
    assert len(value) > 64 << 10
    emit("large-above-limit", "Above 64 KiB, authentic: Python reads it, a strict reader refuses the size.", [f"session={value}"], "too-large")


every_release()
if VERSION == NEWEST:
    for table in (sessions, readings, times, spellings, cookies, keys, large):
        table()
