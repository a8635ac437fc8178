"""Does with the real memcached backend what the lines of standard input say.

    memcachedstore.py HOST:PORT

A line is a JSON array, a method of the backend and its arguments, and is answered
by what it returns, or {"error": <class>}.
"""

import asyncio
import json
import sys

from aiomcache import Client
from starlite.middleware.session.memcached_backend import MemcachedBackendConfig

host, port = sys.argv[1].rsplit(":", 1)


async def main():
    client = Client(host, int(port))

    def backend(max_age=60):
        config = MemcachedBackendConfig(memcached=client, max_age=max_age)
        return config._backend_class(config)

    async def set_(id, data, max_age):
        return await backend(max_age).set(id, data.encode())

    for line in sys.stdin:
        method, *args = json.loads(line)
        try:
            answer = await (set_ if method == "set" else getattr(backend(), method))(*args)
            if isinstance(answer, bytes):
                answer = answer.decode()
        except Exception as e:
            answer = {"error": type(e).__name__}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
