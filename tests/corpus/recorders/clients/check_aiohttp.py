import asyncio
import os
import sys

import aiohttp


async def main(style):
    key = os.environ.get("KEY")
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True) as session:
        async with session.get(os.environ["URL"], raise_for_status=style == "raise", allow_redirects=False) as response:
            if style == "repr":
                print(response)
                print(await response.text())
            else:
                print(response.status, await response.json())


asyncio.run(main(sys.argv[1]))
