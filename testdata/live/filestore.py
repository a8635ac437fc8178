"""Does with the real file backend what the lines of standard input say.

    filestore.py DIRECTORY

The methods are the backend's, see calls.py. "write" sets one session again and again,
to data of several sizes, until the file STOP is there.
"""

import asyncio
import itertools
import json
import os
import pathlib
import sys
from importlib.util import find_spec

import calls

directory = pathlib.Path(sys.argv[1])

if find_spec("starlite"):
    from starlite.middleware.session.file_backend import FileBackendConfig

    def backend(max_age=60):
        config = FileBackendConfig(storage_path=directory, max_age=max_age)
        return config._backend_class(config)

    def set_(id, data, max_age):
        return backend(max_age).set(id, data.encode())
else:
    from litestar.stores.file import FileStore

    def backend():
        return FileStore(directory)

    def set_(id, data, max_age):
        return backend().set(id, data, expires_in=max_age)


async def write(id, stop):
    for n in itertools.count():
        if os.path.exists(stop):
            return n
        await asyncio.sleep(0.002)  # else the file is torn half of the time
        await set_(id, json.dumps({"n": n, "x": "xyz"[n % 3] * (n % 7 * 9000)}), 3600)


async def sweep(method, stop):
    """Calls a method 50 times a second, and returns how often, and what it raised."""
    errors = {}
    for n in itertools.count():
        if os.path.exists(stop):
            return [n, errors]
        await asyncio.sleep(0.02)
        try:
            await getattr(backend(), method)()
        except Exception as e:
            errors[type(e).__name__] = errors.get(type(e).__name__, 0) + 1


own = {"set": set_, "write": write, "sweep": sweep}
calls.run(lambda method: own.get(method) or getattr(backend(), method))
