"""Profiles and events in one SQLite file: the default, good for one machine."""

from .log import SqliteLog as SqliteLog
from .store import SqliteStore as SqliteStore
