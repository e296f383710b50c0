"""How the service ends: load balancers notice first that it is not ready, then it stops to accept connections."""

import asyncio
import signal
import threading
from typing import Any

from serving.service import Service


def drain_on_sigterm(service: Service) -> None:
    """On SIGTERM: not ready at once, but still serving for the time of grace; a second SIGTERM ends it now."""
    if threading.current_thread() is not threading.main_thread():
        return
    end, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()

    def begin(number: int, frame: Any) -> None:
        if service.draining or not callable(end):
            signal.signal(signal.SIGTERM, end)
            signal.raise_signal(number)
            return
        service.draining = True
        loop.call_soon_threadsafe(loop.call_later, service.settings.limits.grace, end, number, frame)

    signal.signal(signal.SIGTERM, begin)
