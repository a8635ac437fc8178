"""Does with the real memcached backend what the lines of standard input say.

    memcachedstore.py HOST:PORT

The methods are the backend's, see calls.py.
"""

import sys

import calls
from aiomcache import Client
from starlite.middleware.session.memcached_backend import MemcachedBackendConfig

host, port = sys.argv[1].rsplit(":", 1)
client = None


def backend(max_age=60):
    global client
    client = client or Client(host, int(port))  # within the loop that it is used in
    config = MemcachedBackendConfig(memcached=client, max_age=max_age)
    return config._backend_class(config)


def set_(id, data, max_age):
    return backend(max_age).set(id, data.encode())


calls.run(lambda method: set_ if method == "set" else getattr(backend(), method))
