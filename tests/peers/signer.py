"""Stands between the Microsoft 365 Agents Playground and the product: the Playground signs nothing, Teams signs everything.

    python -m tests.peers.signer PORT PRODUCT_URL ENTRA_TENANT

Forwards `/api/messages` with a token of the test peer's own keys, and says in one JSON line where those keys and its login are.
"""

import asyncio
import json
import sys

import aiohttp
from aiohttp import web

from tests.peers.teams import App, EntraTenant, Teams

APP = "77777777-0000-0000-0000-000000000007"
SECRET = "s3cret"  # noqa: S105 - of a peer that lives for a test


async def main(port: int, product: str, tenant: str) -> None:
    """Serve until killed."""
    async with Teams(EntraTenant(tenant, App(APP, SECRET, tenant))) as teams, aiohttp.ClientSession() as http:

        async def forward(request: web.Request) -> web.Response:
            body = await request.read()
            headers = {"Content-Type": "application/json", "Authorization": teams.token(json.loads(body)["serviceUrl"])}
            async with http.post(f"{product}/api/messages", data=body, headers=headers) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type="application/json")

        application = web.Application()
        application.router.add_post("/api/messages", forward)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        sys.stdout.write(json.dumps({"openid": teams.openid_url, "login": teams.login_url}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
