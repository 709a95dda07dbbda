"""Every benchmark, in one run: `script/bench`; or that of the sockets alone: `script/bench sockets`."""

import gc
import platform
import sys

import uvloop

from bench import admission, booking, listing, signup, slots, sockets, sweep, webhooks
from bench.stage import stage


async def main() -> None:
    """Print all figures."""
    print(f"Python {sys.version.split()[0]}, {platform.machine()}; medians\n")
    async with stage() as ground:
        if sys.argv[1:] == ["sockets"]:
            await sockets.measure(ground)
            return
        gc.freeze()  # as the worker does
        owner = await ground.sign_up("bench")
        await listing.measure(ground, owner)
        await admission.measure(ground, owner)
        await booking.measure(ground, owner)
        await slots.measure(ground, owner)
        await signup.measure(ground)
        await webhooks.measure(ground)
        await sockets.measure(ground)
    sweep.main()


uvloop.run(main())
