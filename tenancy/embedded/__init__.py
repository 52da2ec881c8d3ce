"""PostgreSQL and Redis that need no installation: started under FOOTNOTE_HOME, shared by all processes of that home.

server.py      EmbeddedServer: attach, start, mend, leave
postgres.py    how PostgreSQL is made, called and known to be ready
redis.py       the same for Redis
place.py       where under the home its files are, and how short a socket's path must be
process.py     starting and ending a process that outlives the one who started it
privileges.py  as root: which other user the server runs as, and how that user reaches its files
locks.py       file locks that die with their process
"""

from tenancy.embedded.postgres import postgres
from tenancy.embedded.redis import redis
from tenancy.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "postgres", "redis"]
