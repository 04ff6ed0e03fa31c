"""Profiles and events in a PostgreSQL, shared by all workers and machines of a shop."""

from .log import PostgresLog as PostgresLog
from .store import PostgresStore as PostgresStore
