"""Taking what was erased out of the server's own log of changes."""

from .writing import Writer


def rewrite(writer: Writer) -> None:
    """Ask for it where there is such a log; who may not ask has a server that does so itself."""
    if any(told.get("aof_enabled") == "1" for told in writer.info(b"persistence")):
        writer.ask_all_nodes((b"BGREWRITEAOF",))
