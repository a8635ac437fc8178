"""What the apps have in common: the secret, and the session as Python sees it."""

import json
import os
import re
import time

# The secret in hex. AES-GCM takes the bytes, Starlette the text itself.
SECRET = os.environ["SESSION_SECRET"]
COOKIE = os.environ.get("SESSION_COOKIE", "session")
# A directory, if sessions are to lie in files.
DIR = os.environ.get("SESSION_DIR")
# The URL of a server, if they are to lie in Redis.
REDIS = os.environ.get("SESSION_REDIS")
# The host:port of memcached, if they are to lie there.
MEMCACHED = os.environ.get("SESSION_MEMCACHED")
# SQLAlchemy's URL of a database, if they are to lie in its table SESSION_TABLE.
SQL = os.environ.get("SESSION_SQL")
# Further arguments of the session middleware, in Python's names.
OPTIONS = {"max_age": 14 * 24 * 60 * 60} | json.loads(os.environ.get("SESSION_OPTIONS", "{}"))
MAX_AGE = OPTIONS["max_age"]

CHANGES = ["/replace", "/update", "/remove", "/clear", "/count", "/push", "/shift", "/nest"]


def show(session):
    """Return the session as a JSON array of pairs of JSON texts, in order.

    json.dumps keeps apart what Python keeps apart (1 and 1.0, -0.0, NaN, lone
    surrogates) and escapes all but ASCII, so equal text means equal data.
    """
    return json.dumps([[json.dumps(k), json.dumps(v)] for k, v in session.items()])


def change(session, path, body):
    """Do what a route says to the session, a mapping."""
    if path == "/replace":
        session.clear()
        session.update(json.loads(body))
    elif path == "/update":
        session.update(json.loads(body))
    elif path == "/remove":
        del session[json.loads(body)]
    elif path == "/clear":
        session.clear()
    elif path == "/count":
        session["n"] = session.get("n", 0) + 1
    elif path == "/push":
        session["list"] = session.get("list", []) + [json.loads(body)]
    elif path == "/shift":
        session["list"] = session["list"][1:]
    elif path == "/nest":  # in place: the session itself is not told
        session["nested"]["changed"] = True


def stop_clock(body):
    """Stop the clock at a Unix time, so that sessions age without waiting."""
    now = float(body)
    time.time = lambda: now


def aes_expiry(cookies):
    """Return the Unix time when a Litestar or Starlite session ends, or None."""
    from base64 import b64decode

    names = [n for n in cookies if re.fullmatch(re.escape(COOKIE) + r"(?:-\d+)?", n)]
    data = b64decode("".join(cookies[n] for n in sorted(names)))
    _, marker, aad = data.partition(b"additional_authenticated_data=")
    return json.loads(aad)["expires_at"] if marker else None
