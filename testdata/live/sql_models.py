"""The SQL session backends and their tables, as their documentation shows them.

SESSION_SQL is SQLAlchemy's URL of the database, SESSION_TABLE the name of the table.
"""

import os
from importlib.util import find_spec

from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

URL = os.environ["SESSION_SQL"]
TABLE = os.environ["SESSION_TABLE"]

if find_spec("starlite"):
    from starlite.middleware.session.sqlalchemy_backend import (
        SessionModelMixin,
        SQLAlchemyBackendConfig,
        create_session_model,
    )
    from starlite.plugins.sql_alchemy import SQLAlchemyConfig, SQLAlchemyPlugin

    Base = declarative_base()
    if URL.startswith("mysql"):

        class Model(Base, SessionModelMixin):
            """The shipped model's session_id has no length, which MySQL wants."""

            __tablename__ = TABLE
            id = Column(Integer, primary_key=True)
            session_id = Column(String(255), nullable=False, unique=True, index=True)
    else:
        Model = create_session_model(Base, TABLE)

    alchemy = SQLAlchemyConfig(connection_string=URL, use_async_engine=False)
    plugin = SQLAlchemyPlugin(config=alchemy)
    engine = alchemy.engine

    def config(**options):
        return SQLAlchemyBackendConfig(model=Model, plugin=plugin, **options)

    def backend(**options):
        c = config(**options)
        return c._backend_class(c)
else:
    from advanced_alchemy.extensions.litestar import SQLAlchemyPlugin, SQLAlchemySyncConfig
    from advanced_alchemy.extensions.litestar.session import (
        SessionModelMixin,
        SQLAlchemySyncSessionBackend,
    )
    from litestar.middleware import DefineMiddleware
    from litestar.middleware.session import SessionMiddleware
    from litestar.middleware.session.server_side import ServerSideSessionConfig

    class Model(SessionModelMixin):
        __tablename__ = TABLE

    alchemy = SQLAlchemySyncConfig(connection_string=URL)
    plugin = SQLAlchemyPlugin(config=alchemy)
    engine = alchemy.get_engine()

    def backend(**options):
        return SQLAlchemySyncSessionBackend(ServerSideSessionConfig(**options), alchemy, Model)

    class config:
        def __init__(self, **options):
            self.middleware = DefineMiddleware(SessionMiddleware, backend=backend(**options))


def create_all():
    Model.metadata.create_all(engine)
