"""The engine for many companies: Weaviate, one collection for each embedding model, one of its tenants for each of ours.

engine.py       WeaviateEngine: makes, opens, rests and removes tenants, and says how the server is
tenant.py       WeaviateIndex: the passages of one tenant
rows.py         an entry as Weaviate keeps it, and back
schema.py       what the collection is called and made of, and what somebody changed by hand
line.py         asks one of the nodes, and the next if that one is away
tenant_line.py  a line for each tenant, over a key that reaches nobody else's passages
access.py       roles, users and their keys
keys.py         what is needed of whoever keeps tenants' keys
node.py         the one client of a node, behind time limits and a breaker
breaker.py      no call for a while after several that came to nothing
faults.py       what went wrong, in plain words
parallel.py     several calls at once, but not all at once

Measured in `facts/engines.md` §1 to §3.
"""

from knowledge.index.weaviate.engine import WeaviateEngine

__all__ = ["WeaviateEngine"]
