"""A store that forgets when the process ends: for tests, and to try things."""

from .store import MemoryStore as MemoryStore
