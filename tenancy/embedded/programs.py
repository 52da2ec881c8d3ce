"""Where the programs of installed packages are, without importing the packages."""

from importlib.util import find_spec
from pathlib import Path

from tenancy.errors import EmbeddedServerFailed


def program(package: str, path: str, instead: str) -> str:
    """The full path of the program at `path` in `package`. Raises `EmbeddedServerFailed`, naming `instead`."""
    # Importing either package would do more than is wanted here: one locks a file in /tmp, the other imports a client.
    found = find_spec(package)
    location = Path(found.origin or "").parent / path if found else None
    if location is None or not location.is_file():
        message = (
            f"The package {package} has no {location.name if location else 'program'} for this machine. "
            f"Set {instead} to a server of your own."
        )
        raise EmbeddedServerFailed(message)
    return str(location.resolve())
