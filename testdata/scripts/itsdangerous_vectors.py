"""Makes testdata/itsdangerous/*.json with the real itsdangerous: [OUTDIR]

One scenario a file. Run it once for each pinned version, from anywhere, with
an interpreter (3.8 or later) that has that version installed:

    python3 -m venv venv
    venv/bin/pip install itsdangerous==2.2.0
    venv/bin/python testdata/scripts/itsdangerous_vectors.py

The version that is installed decides which files are made: 2.2.0 makes most
of them, the others those that begin with their number. Any other version is
refused. Keys and clock are fixed, so a second run makes the same files; only
where Python is built with another zlib than 1.2.13 may compressed ones differ,
and be as good.

Fields:

about        what the scenario shows
made_by      the package and version that made it and gave the outcome
class        the class of itsdangerous
config       keys (oldest first), salt (null: the default of the class),
             separator, derivation, digest, algorithm
fallbacks    serializers: the fallback signers, config without keys and salt
now          the clock when reading, in Unix seconds
max_age      in seconds, or null
signed       the input
outcome      what Python answers: ok, error, or refused (by the constructor)
key          ok: index of the key that matched, in its signer's keys
signer       ok: 0 the configured signer, n the n-th fallback
text         ok: what was signed, without timestamp and signature
payload      ok: the same, decoded (differs for URL-safe serializers only)
payload_length, payload_sha256
             ok: instead of payload, where that is long
value        ok: the payload as Python's default serializer loads it
json         ok, serializers: BadPayload or python-only (NaN) instead of value
date_signed  when it was signed, in Unix seconds; null: not known
signs        ok: whether signing the payload again at that time, with that
             key, makes the same bytes in Python
error        error: the class of Python's exception
reason       error: no-separator, mismatch, no-timestamp, bad-timestamp,
             expired, future, bad-payload, or crash (not an error of
             itsdangerous, so likely a 500)
unverified   error: the exception's payload, or null
unsafe       error, serializers: the payload that loads_unsafe gives, or null
strict       where this project answers otherwise: reason, as above or
             too-large, and why

Bytes are JSON text where they are UTF-8, else {"hex": "..."}.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import sys
import zlib
from importlib.metadata import version
from unittest import mock

import itsdangerous

MAIN = "2.2.0"
OLDER = ("0.24", "1.1.0", "2.0.1", "2.1.2")
VERSION = version("itsdangerous")
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "itsdangerous")
MADE_BY = "itsdangerous " + VERSION

NOW = 1700000000
YEAR_10000 = 253402300800
LONG = 4096  # payloads longer than this are given by length and hash
DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512")
DERIVATIONS = ("django-concat", "concat", "hmac", "none")
CONFIG = {
    "keys": ["secret"],
    "salt": None,
    "separator": ".",
    "derivation": "django-concat",
    "digest": "sha1",
    "algorithm": "hmac",
}


class Bytes:
    """A serializer that leaves the payload as it is."""

    loads = staticmethod(lambda payload: payload)
    dumps = staticmethod(lambda payload: payload)


def to_json(b):
    if b is None:
        return None
    try:
        return b.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": b.hex()}


def signer_kwargs(c):
    kwargs = {
        "sep": c.get("separator", "."),
        "key_derivation": c.get("derivation", "django-concat"),
        "digest_method": getattr(hashlib, c.get("digest", "sha1")),
    }
    if c.get("algorithm") == "none":
        kwargs["algorithm"] = itsdangerous.NoneAlgorithm()
    return kwargs


def keys_of(c):
    # Before 2.0 there is one key, not a list.
    return c["keys"][0] if len(c["keys"]) == 1 else c["keys"]


def build(cls, c, fallbacks=(), serializer=None):
    kind = getattr(itsdangerous, cls)
    salt = {} if c["salt"] is None else {"salt": c["salt"]}
    if "Serializer" not in cls:
        return kind(keys_of(c), **salt, **signer_kwargs(c))
    kwargs = {"signer_kwargs": signer_kwargs(c)}
    if fallbacks:
        kwargs["fallback_signers"] = [signer_kwargs(f) for f in fallbacks]
    return kind(keys_of(c), serializer=serializer, **salt, **kwargs)


def timed(cls):
    return "Time" in cls


def clock(now):
    return mock.patch("time.time", lambda: now + 0.75)  # the fraction is dropped


def sign(cls, value, now=NOW, **config):
    """Signs bytes, or with a serializer whatever it dumps."""
    with clock(now):
        s = build(cls, {**CONFIG, **config})
        signed = s.dumps(value) if "Serializer" in cls else s.sign(value)
    return signed.encode() if isinstance(signed, str) else signed


def seal(cls, stamped, **config):
    """Signs what only a holder of the key could forge: stamped is all but the signature."""
    c = {**CONFIG, **config}
    if c["salt"] is None:
        c["salt"] = "itsdangerous" if "Serializer" in cls else "itsdangerous.Signer"
    return build("Signer", c).sign(stamped)


def ts(n, size=None):
    raw = n.to_bytes(size if size is not None else (n.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def load(cls, c, fallbacks, signed, now, max_age, serializer):
    """Returns the payload and when it was signed, or raises."""
    with clock(now):
        s = build(cls, c, fallbacks, serializer)
        if "Serializer" in cls:
            if not timed(cls):
                return s.loads(signed), None
            return s.loads(signed, max_age=max_age, return_timestamp=True)
        if not timed(cls):
            return s.unsign(signed), None
        return s.unsign(signed, max_age=max_age, return_timestamp=True)


def load_unsafe(cls, c, fallbacks, signed, now, max_age):
    with clock(now):
        try:
            s = build(cls, c, fallbacks, Bytes)
            return s.loads_unsafe(signed, **({"max_age": max_age} if timed(cls) else {}))[1]
        except itsdangerous.BadPayload:
            return None


def unix(date):
    if date is None or isinstance(date, int):
        return date
    if date.tzinfo is None:  # before 2.0
        date = date.replace(tzinfo=datetime.timezone.utc)
    return int(date.timestamp())


REASONS = (
    ("No ", "no-separator"),
    ("Signature age -", "future"),
    ("Signature age ", "expired"),
    ("Signature ", "mismatch"),
    ("timestamp missing", "no-timestamp"),
    ("Malformed timestamp", "bad-timestamp"),
    ("Could not ", "bad-payload"),
)


def reason(e):
    if not isinstance(e, itsdangerous.BadData):
        return "crash"
    for start, name in REASONS:
        if str(e).startswith(start):
            return name
    raise AssertionError(str(e))


def matched(cls, c, fallbacks, signed, now):
    """Returns the signer and the key that read signed: each alone, newest first."""
    for n, f in enumerate([c, *({**CONFIG, **f} for f in fallbacks)]):
        for i in reversed(range(len(c["keys"]))):
            alone = {**f, "keys": [c["keys"][i]], "salt": c["salt"]}
            try:
                load(cls, alone, (), signed, now, None, Bytes)
                return n, i
            except itsdangerous.BadSignature:
                pass
    raise AssertionError("nothing matched")


def write(name, v):
    path = OUT / ((name if VERSION == MAIN else VERSION + "-" + name) + ".json")
    assert not path.exists(), path
    path.write_text(json.dumps(v, indent=2, ensure_ascii=True) + "\n")


def case(name, about, cls, signed, now=NOW, max_age=None, fallbacks=(), strict=None, **config):
    c = {**CONFIG, **config}
    v = {"about": about, "made_by": MADE_BY, "class": cls, "config": c}
    if fallbacks:
        v["fallbacks"] = [{k: w for k, w in {**CONFIG, **f}.items() if k not in ("keys", "salt")} for f in fallbacks]
    v.update(now=now, max_age=max_age, signed=to_json(signed))
    is_serializer = "Serializer" in cls
    try:
        payload, date = load(cls, c, fallbacks, signed, now, max_age, Bytes)
    except Exception as e:
        v.update(
            outcome="error",
            error=type(e).__name__,
            reason=reason(e),
            unverified=to_json(getattr(e, "payload", None)),
            date_signed=unix(getattr(e, "date_signed", None)),
        )
        if is_serializer:
            v["unsafe"] = to_json(load_unsafe(cls, c, fallbacks, signed, now, max_age))
    else:
        v["outcome"] = "ok"
        v["signer"], v["key"] = n, i = matched(cls, c, fallbacks, signed, now)
        by = {**(c if n == 0 else {**CONFIG, **fallbacks[n - 1]}), "keys": c["keys"][: i + 1], "salt": c["salt"]}
        text = signed.rsplit(by["separator"].encode(), 2 if timed(cls) else 1)[0]
        v["text"] = to_json(text)
        if len(payload) > LONG:
            v.update(payload_length=len(payload), payload_sha256=hashlib.sha256(payload).hexdigest())
        else:
            v["payload"] = to_json(payload)
        v["date_signed"] = unix(date)
        with clock(NOW if date is None else unix(date)):
            s = build(cls, by, (), Bytes)
            again = s.dumps(payload) if is_serializer else s.sign(payload)
        v["signs"] = again == signed
        if is_serializer and len(payload) <= LONG:
            try:
                value, _ = load(cls, c, fallbacks, signed, now, max_age, None)
                json.dumps(value, allow_nan=False)
                v["value"] = value
            except itsdangerous.BadPayload:
                v["json"] = "BadPayload"
            except ValueError:
                v["json"] = "python-only"
    if strict:
        assert v.get("reason") != strict[0], name + ": Python answers the same"
        v["strict"] = {"reason": strict[0], "why": strict[1]}
    write(name, v)


def refused(name, about, **config):
    c = {**CONFIG, **config}
    try:
        build("Signer", c)
    except ValueError as e:
        v = {"about": about, "made_by": MADE_BY, "class": "Signer", "config": c}
        write(name, {**v, "outcome": "refused", "error": type(e).__name__})
    else:
        raise AssertionError(name + " was not refused")


ONE_SPELLING = "one spelling of each signature: no second value that means the same"
ONE_TIME = "one spelling of each timestamp: no second value that means the same"
ONE_PAYLOAD = "one spelling of each payload: no second value that means the same"
AUTHENTIC_FIRST = "a signature that does not match is told before anything about the time"


def flip(signed):
    """Changes the first character of the signature."""
    head, sig = signed.rsplit(b".", 1)
    return head + b"." + (b"B" if sig[:1] == b"A" else b"A") + sig[1:]


def respell(b):
    """Sets a spare bit of base64 text whose last character has some."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return b[:-1] + alphabet[alphabet.index(b[-1]) + 1 :][:1]


def signers():
    for derivation in DERIVATIONS:
        for digest in DIGESTS:
            kw = {"derivation": derivation, "digest": digest, "salt": "a salt"}
            case(f"signer-{derivation}-{digest}", f"key derivation {derivation} with {digest}", "Signer", sign("Signer", b"value", **kw), **kw)
    kw = {"algorithm": "none"}
    case("signer-none-algorithm", "the none algorithm: an empty signature", "Signer", sign("Signer", b"value", **kw), **kw)
    case("signer-none-algorithm-mismatch", "the none algorithm takes no signature", "Signer", b"value.AAAA", **kw)
    case("signer-none-algorithm-junk", "the none algorithm; a signature of foreign characters decodes to nothing", "Signer", b"value.!", strict=("mismatch", ONE_SPELLING), **kw)

    case("signer-default", "all defaults", "Signer", sign("Signer", b"value"))
    for name, salt in (("empty", ""), ("text", "cookie-session"), ("utf8", "s\u00e4lt")):
        case(f"signer-salt-{name}", "a salt of one's own: " + name, "Signer", sign("Signer", b"value", salt=salt), salt=salt)
    case("signer-salt-wrong", "signed with another salt", "Signer", sign("Signer", b"value", salt="other"))
    for name, sep in (("colon", ":"), ("two-dots", ".."), ("utf8", "\u00e9"), ("za", "Za."), ("space", " "), ("newline", "\n"), ("equals", "==")):
        case(f"signer-separator-{name}", "a separator of one's own: " + name, "Signer", sign("Signer", b"value", separator=sep), separator=sep)
    case("signer-separator-ba", "a separator of base64 characters that Python's check lets pass", "Signer", sign("Signer", b"value", separator="ba"), separator="ba")
    case("signer-separator-overlap", "the value ends like the separator: the last separator counts", "Signer", sign("Signer", b"value.", separator=".."), separator="..")
    case("signer-separator-wrong", "another separator", "Signer", sign("Signer", b"value", separator=":"))
    for name, sep in (("dash", "-"), ("letters", "ab"), ("case", "zA"), ("equals", "="), ("all", "-_=")):
        refused(f"separator-refused-{name}", f"the constructor refuses the separator {sep}", separator=sep)

    case("signer-value-empty", "an empty value", "Signer", sign("Signer", b""))
    case("signer-value-separators", "separators in the value", "Signer", sign("Signer", b".a..b."))
    case("signer-value-bytes", "a value that is not text", "Signer", sign("Signer", bytes(range(256))))
    case("signer-value-long", "a value of 4096 bytes", "Signer", sign("Signer", b"0123456789abcdef" * 256))
    case("signer-key-long", "a key longer than a block of the hash", "Signer", sign("Signer", b"value", keys=["k" * 200], derivation="none"), keys=["k" * 200], derivation="none")
    case("signer-key-utf8", "a key beyond ASCII", "Signer", sign("Signer", b"value", keys=["schl\u00fcssel"]), keys=["schl\u00fcssel"])

    keys = ["oldest", "older", "newest"]
    for i, k in enumerate(keys):
        case(f"signer-rotation-{k}", f"three keys, signed by the {k}", "Signer", sign("Signer", b"value", keys=keys[: i + 1]), keys=keys)
    case("signer-rotation-twice", "the same key twice", "Signer", sign("Signer", b"value"), keys=["secret", "secret"])
    case("signer-rotation-removed", "signed by a key that is no longer there", "Signer", sign("Signer", b"value", keys=["gone"]), keys=keys)

    good = sign("Signer", b"value1")  # its signature holds both - and _
    head, sig = good.rsplit(b".", 1)
    assert b"-" in sig or b"_" in sig, sig
    case("signer-no-separator", "no separator", "Signer", b"value")
    case("signer-empty", "the empty text", "Signer", b"")
    case("signer-separator-only", "nothing but a separator", "Signer", b".")
    case("signer-bytes", "bytes that are not text", "Signer", b"\xff\xfe.\xff\x00")
    case("signer-signature-empty", "the signature is missing", "Signer", head + b".")
    case("signer-signature-wrong", "one character of the signature changed", "Signer", flip(good))
    case("signer-signature-short", "the signature cut by one byte", "Signer", head + b"." + sig[:-1])
    case("signer-signature-long", "the signature with something after it", "Signer", good + b"AAAA")
    case("signer-signature-hex", "the signature in hex", "Signer", head + b"." + base64.urlsafe_b64decode(sig + b"=").hex().encode())
    case("signer-value-changed", "one character of the value changed", "Signer", b"Value1." + sig)
    lenient = {
        "padded": (good + b"=", "with the padding"),
        "standard": (head + b"." + sig.replace(b"-", b"+").replace(b"_", b"/"), "in the standard alphabet"),
        "foreign": (head + b"." + sig[:5] + b"!!!!" + sig[5:], "with foreign characters in it"),
        "newlines": (good + b"\n" * 4, "with newlines after it"),
        "spare-bits": (head + b"." + respell(sig), "with a spare bit set"),
    }
    for name, (signed, what) in lenient.items():
        case(f"signer-lenient-{name}", "a right signature " + what, "Signer", signed, strict=("mismatch", ONE_SPELLING))


def timestamp_signers():
    cls = "TimestampSigner"
    case("timestamp-default", "all defaults, no max age", cls, sign(cls, b"value"))
    times = {"0": 0, "1": 1, "255": 255, "256": 256, "2-31": 1 << 31, "2-32": 1 << 32, "year-9999": YEAR_10000 - 1}
    for name, t in times.items():
        case(f"timestamp-at-{name}", f"signed at {t}", cls, sign(cls, b"value", now=t), now=t, max_age=0)
    keys = ["older", "newest"]
    case("timestamp-rotation", "two keys, signed by the older", cls, sign(cls, b"value", keys=["older"]), keys=keys, max_age=60)
    case("timestamp-separator", "a separator of two characters, one in the value", cls, sign(cls, b"a::b:", separator="::"), separator="::", max_age=60)
    case("timestamp-none-algorithm", "the none algorithm", cls, sign(cls, b"value", algorithm="none"), algorithm="none", max_age=60)
    case("timestamp-value-empty", "an empty value", cls, sign(cls, b""), max_age=60)

    good = sign(cls, b"value")
    case("timestamp-age-max", "exactly as old as the max age", cls, good, now=NOW + 60, max_age=60)
    case("timestamp-age-over", "one second older than the max age", cls, good, now=NOW + 61, max_age=60)
    case("timestamp-age-zero", "max age 0, in the same second", cls, good, max_age=0)
    case("timestamp-age-zero-over", "max age 0, one second later", cls, good, now=NOW + 1, max_age=0)
    case("timestamp-age-unchecked", "very old, without a max age", cls, sign(cls, b"value", now=1))
    case("timestamp-future", "signed one second in the future", cls, good, now=NOW - 1, max_age=60)
    case("timestamp-future-unchecked", "signed in the future, without a max age", cls, good, now=NOW - 1000)
    case("timestamp-future-far", "signed in the year 9999", cls, sign(cls, b"value", now=YEAR_10000 - 1), max_age=60)

    case("timestamp-missing", "signed without a timestamp", cls, sign("Signer", b"value"), max_age=60)
    case("timestamp-missing-read", "signed without a timestamp; a part of the value is read as one", cls, sign("Signer", b"not.time!"), strict=("bad-timestamp", ONE_TIME))
    case("timestamp-mismatch", "a wrong signature: payload and date are told", cls, flip(good), max_age=60)
    case("timestamp-mismatch-expired", "a wrong signature under an old date", cls, flip(good), now=NOW + 61, max_age=60)
    case("timestamp-mismatch-no-timestamp", "a wrong signature, no timestamp", cls, flip(sign("Signer", b"value")), max_age=60)
    case("timestamp-mismatch-malformed", "a wrong signature, a timestamp that is not base64", cls, flip(seal(cls, b"value.A")), max_age=60)
    case("timestamp-no-separator", "no separator", cls, b"value", max_age=60)
    case("timestamp-empty", "the empty text", cls, b"", max_age=60)
    case("timestamp-separators-only", "nothing but separators", cls, b"..", max_age=60)

    malformed = {
        "one-character": (b"A", "is one character, which no base64 is"),
        "nine-zeros": (ts(0, 9), "is nine zero bytes"),
        "nine-bytes": (ts(NOW, 9), "has nine bytes, the leading ones zero"),
        "two-to-64": (ts(1 << 64), "is 2^64"),
    }
    for name, (t, what) in malformed.items():
        case(f"timestamp-malformed-{name}", "a right signature over a timestamp that " + what, cls, seal(cls, b"value." + t), max_age=60)
    lenient = {
        "leading-zero": (ts(NOW, 5), "with a leading zero byte"),
        "eight-bytes": (ts(NOW, 8), "of eight bytes, the leading ones zero"),
        "zero": (ts(0, 1), "of one zero byte"),
        "padded": (ts(NOW) + b"==", "with the padding"),
        "spare-bits": (respell(ts(NOW)), "with a spare bit set"),
        "foreign": (ts(NOW)[:2] + b"!!!!" + ts(NOW)[2:], "with foreign characters in it"),
        "newlines": (ts(NOW) + b"\n" * 4, "with newlines after it"),
        "standard": (ts(0xFBFFFFF).replace(b"_", b"/"), "in the standard alphabet"),
        "nothing-but-foreign": (b"!!!!", "of foreign characters only: second 0"),
    }
    for name, (t, what) in lenient.items():
        case(f"timestamp-lenient-{name}", "a right signature over a timestamp " + what, cls, seal(cls, b"value." + t), strict=("bad-timestamp", ONE_TIME))
    for name, t in {"year-10000": YEAR_10000, "2-63-less-1": (1 << 63) - 1, "2-63": 1 << 63, "2-64-less-1": (1 << 64) - 1}.items():
        signed = seal(cls, b"value." + ts(t))
        why = "no time beyond the year 9999 can be told; Python raises an error that is not its own"
        case(f"timestamp-beyond-{name}", f"a right signature over the timestamp {t}", cls, signed, strict=("bad-timestamp", why))
        case(f"timestamp-beyond-{name}-max-age", f"a right signature over the timestamp {t}, with a max age", cls, signed, max_age=60, strict=("bad-timestamp", why))
        case(f"timestamp-beyond-{name}-forged", f"a wrong signature over the timestamp {t}", cls, flip(signed), max_age=60, strict=("mismatch", AUTHENTIC_FIRST))


def serializers():
    cls = "Serializer"
    obj = {"user": "zo\u00eb", "n": 1, "list": [1, 2.5, None, True], "<": "&"}
    case("serializer-default", "all defaults: json.dumps with spaces, ASCII only", cls, sign(cls, obj))
    case("serializer-string", "a string", cls, sign(cls, "a.b"))
    case("serializer-salt", "a salt of one's own", cls, sign(cls, [1], salt="activate"), salt="activate")
    case("serializer-salt-empty", "the empty salt", cls, sign(cls, [1], salt=""), salt="")
    case("serializer-sha512", "SHA-512", cls, sign(cls, [1], digest="sha512"), digest="sha512")
    case("serializer-mismatch", "a wrong signature", cls, flip(sign(cls, obj)))
    case("serializer-signer-salt", "signed by Signer, whose default salt is another", cls, sign("Signer", b"[1]"))
    case("serializer-not-json", "authentic, but not JSON", cls, seal(cls, b"{"))
    case("serializer-not-utf8", "authentic, but not UTF-8", cls, seal(cls, b'"\xff"'))
    case("serializer-nan", "NaN, which only Python's JSON knows", cls, sign(cls, [float("nan")]))
    keys = ["older", "newest"]
    case("serializer-rotation", "two keys, signed by the older", cls, sign(cls, [1], keys=["older"]), keys=keys)
    fallbacks = [{"digest": "sha512"}, {"derivation": "hmac", "separator": ":"}]
    case("serializer-fallback-own", "with fallbacks, signed by the configured signer", cls, sign(cls, [1], keys=keys), keys=keys, fallbacks=fallbacks)
    case("serializer-fallback-first", "signed by the first fallback, older key", cls, sign(cls, [1], keys=["older"], digest="sha512"), keys=keys, fallbacks=fallbacks)
    case("serializer-fallback-second", "signed by the second fallback", cls, sign(cls, [1], keys=keys, **fallbacks[1]), keys=keys, fallbacks=fallbacks)
    case("serializer-fallback-salt", "a fallback has the salt of the serializer", cls, sign(cls, [1], salt="activate", digest="sha512"), salt="activate", fallbacks=fallbacks)
    case("serializer-fallback-none", "signed by nobody", cls, sign(cls, [1], digest="sha256"), keys=keys, fallbacks=fallbacks[:1])

    cls = "TimedSerializer"
    case("timed-serializer-default", "all defaults", cls, sign(cls, obj), max_age=60)
    case("timed-serializer-expired", "too old", cls, sign(cls, obj), now=NOW + 61, max_age=60)
    case("timed-serializer-future", "from the future", cls, sign(cls, obj), now=NOW - 1, max_age=60)
    case("timed-serializer-no-timestamp", "signed without a timestamp", cls, sign("Serializer", [1]), max_age=60)
    case("timed-serializer-fallback", "signed by a fallback", cls, sign(cls, [1], digest="sha512"), max_age=60, fallbacks=fallbacks)
    case("timed-serializer-fallback-expired", "signed by a fallback, too old", cls, sign(cls, [1], digest="sha512"), now=NOW + 61, max_age=60, fallbacks=fallbacks)


def borderline(gain):
    """Returns a list whose JSON is that many bytes longer than its zlib stream."""
    for n in range(1000):
        # The digits of a hash: hardly compressible, but for the run at the end.
        obj = [hashlib.sha256(b"%d" % n).hexdigest()[: 1 + n % 40] + "a" * (n % 25)]
        raw = json.dumps(obj, separators=(",", ":")).encode()
        if len(raw) - len(zlib.compress(raw)) == gain:
            return obj
    raise AssertionError(gain)


def url_safe_serializers():
    cls = "URLSafeSerializer"
    obj = {"user": "zo\u00eb", "n": 1, "<": "&"}
    squeezed = {"a": "abc" * 100}
    case("urlsafe-default", "all defaults: compact JSON, not ASCII only", cls, sign(cls, obj))
    case("urlsafe-string", "a string", cls, sign(cls, "x"))
    case("urlsafe-compressed", "long enough to be compressed", cls, sign(cls, squeezed))
    case("urlsafe-borderline-1", "compressing would save one byte: not compressed", cls, sign(cls, borderline(1)))
    case("urlsafe-borderline-2", "compressing saves two bytes: compressed", cls, sign(cls, borderline(2)))
    case("urlsafe-needless", "compressed, though that is longer", cls, seal(cls, b"." + b64(zlib.compress(b"[1]"))))
    case("urlsafe-stored", "compressed with level 0", cls, seal(cls, b"." + b64(zlib.compress(b'"abc"' , 0))))
    case("urlsafe-uncompressed", "not compressed, though that would be shorter", cls, seal(cls, b64(json.dumps(squeezed).encode())))
    case("urlsafe-empty", "an empty payload, which is not JSON", cls, seal(cls, b""))
    case("urlsafe-not-json", "authentic, but not JSON", cls, seal(cls, b64(b"{")))
    case("urlsafe-nan", "NaN, which only Python's JSON knows", cls, sign(cls, [float("nan")]))
    case("urlsafe-not-base64", "authentic, but a length that no base64 has", cls, seal(cls, b"AAAAA"))
    case("urlsafe-lenient-padded", "a payload with padding", cls, seal(cls, base64.urlsafe_b64encode(b"[12]")), strict=("bad-payload", ONE_PAYLOAD))
    case("urlsafe-lenient-foreign", "a payload with foreign characters in it", cls, seal(cls, b"Wz!!!!Fd"), strict=("bad-payload", ONE_PAYLOAD))
    case("urlsafe-lenient-newlines", "a payload with newlines after it", cls, seal(cls, b"WzFd\n\n\n\n"), strict=("bad-payload", ONE_PAYLOAD))
    case("urlsafe-lenient-standard", "a payload in the standard alphabet", cls, seal(cls, base64.b64encode(b'"???>>"')), strict=("bad-payload", ONE_PAYLOAD))
    case("urlsafe-lenient-spare-bits", "a payload with a spare bit set", cls, seal(cls, respell(b64(b"[12]"))), strict=("bad-payload", ONE_PAYLOAD))
    case("urlsafe-mismatch", "a wrong signature", cls, flip(sign(cls, obj)))
    case("urlsafe-mismatch-compressed", "a wrong signature over a compressed payload", cls, flip(sign(cls, squeezed)))

    z = zlib.compress(json.dumps(squeezed).encode())
    case("urlsafe-zlib-junk", "marked as compressed, but not zlib", cls, seal(cls, b"." + b64(b"[1]")))
    case("urlsafe-zlib-empty", "marked as compressed, but empty", cls, seal(cls, b"."))
    case("urlsafe-zlib-cut", "the zlib stream is cut", cls, seal(cls, b"." + b64(z[:-1])))
    case("urlsafe-zlib-checksum", "the zlib stream has a wrong checksum", cls, seal(cls, b"." + b64(z[:-1] + bytes([z[-1] ^ 1]))))
    dictionary = zlib.compressobj(zdict=b"abc")
    case("urlsafe-zlib-dictionary", "the zlib stream needs a dictionary", cls, seal(cls, b"." + b64(dictionary.compress(b'"abc"') + dictionary.flush())))
    case("urlsafe-zlib-trailing", "bytes after the zlib stream", cls, seal(cls, b"." + b64(z + b"xyz")), strict=("bad-payload", ONE_PAYLOAD))
    bomb = b'"' + b"a" * ((16 << 20) - 2) + b'"'
    case("urlsafe-zlib-bomb", "16 KiB that inflate to 16 MiB", cls, seal(cls, b"." + b64(zlib.compress(bomb, 9))), strict=("too-large", "inflation is bounded to 1 MiB"))
    limit = b'"' + b"a" * ((1 << 20) - 2) + b'"'
    case("urlsafe-zlib-limit", "inflates to 1 MiB exactly", cls, seal(cls, b"." + b64(zlib.compress(limit, 9))))
    case("urlsafe-zlib-limit-over", "inflates to one byte more than 1 MiB", cls, seal(cls, b"." + b64(zlib.compress(limit + b" ", 9))), strict=("too-large", "inflation is bounded to 1 MiB"))

    cls = "URLSafeTimedSerializer"
    case("urlsafe-timed-default", "all defaults", cls, sign(cls, obj), max_age=60)
    case("urlsafe-timed-no-max-age", "old, without a max age", cls, sign(cls, obj), now=NOW + 10**9)
    case("urlsafe-timed-compressed", "long enough to be compressed", cls, sign(cls, squeezed), max_age=60)
    case("urlsafe-timed-expired", "too old", cls, sign(cls, obj), now=NOW + 61, max_age=60)
    case("urlsafe-timed-future", "from the future", cls, sign(cls, obj), now=NOW - 1, max_age=60)
    case("urlsafe-timed-mismatch", "a wrong signature", cls, flip(sign(cls, obj)), max_age=60)
    case("urlsafe-timed-expired-not-json", "too old, and not JSON", cls, sign(cls, float("nan")), now=NOW + 61, max_age=60)
    flask = {"salt": "cookie-session", "derivation": "hmac"}
    case("urlsafe-timed-hmac", "key derivation hmac with a salt, as Flask configures it", cls, sign(cls, obj, **flask), max_age=60, **flask)
    case("urlsafe-timed-rotation", "two keys, signed by the older", cls, sign(cls, obj, keys=["older"]), keys=["older", "newest"], max_age=60)
    sha512 = [{"digest": "sha512"}]
    case("urlsafe-timed-fallback", "signed with SHA-512, as the yanked 1.0.0 did, read by a fallback", cls, sign(cls, obj, digest="sha512"), max_age=60, fallbacks=sha512)


def older():
    obj = {"user": "zo\u00eb", "n": 1}
    case("signer", "all defaults", "Signer", sign("Signer", b"value"))
    case("urlsafe", "all defaults, beyond ASCII", "URLSafeSerializer", sign("URLSafeSerializer", obj))
    case("urlsafe-compressed", "compressed", "URLSafeSerializer", sign("URLSafeSerializer", {"a": "abc" * 100}))
    good = sign("TimestampSigner", b"value")
    if VERSION == "0.24":
        epoch = ("expired", "before 1.0 timestamps counted from 2011-01-01: they are 41 years old today")
        case("timestamp", "counts from 2011-01-01", "TimestampSigner", good, max_age=60, strict=epoch)
        return
    case("timestamp", "all defaults", "TimestampSigner", good, max_age=60)
    case("urlsafe-timed", "all defaults", "URLSafeTimedSerializer", sign("URLSafeTimedSerializer", obj), max_age=60)
    future = ("future", "as since 2.0") if VERSION == "1.1.0" else None
    case("future", "signed in the future: accepted before 2.0", "TimestampSigner", good, now=NOW - 1, max_age=60, strict=future)
    if VERSION != "1.1.0":
        forged = flip(seal("TimestampSigner", b"value." + ts(1 << 63)))
        case("beyond-forged", "a wrong signature over the timestamp 2^63", "TimestampSigner", forged, max_age=60, strict=("mismatch", AUTHENTIC_FIRST))
        case("rotation", "two keys, signed by the older", "Signer", sign("Signer", b"value", keys=["older"]), keys=["older", "newest"])


def main():
    if VERSION not in (MAIN, *OLDER):
        sys.exit(f"itsdangerous {VERSION} is installed; the pinned versions are {', '.join((MAIN, *OLDER))}")
    OUT.mkdir(parents=True, exist_ok=True)
    for path in OUT.glob("*.json"):
        if json.loads(path.read_text())["made_by"] == MADE_BY:
            path.unlink()
    if VERSION == MAIN:
        signers()
        timestamp_signers()
        serializers()
        url_safe_serializers()
    else:
        older()


if __name__ == "__main__":
    main()
