"""The same work on a Ray cluster: one actor a worker, and in each an engine in a process of its own.

Ray carries orders and news; the ledger stays with whoever started the run. localthink and the model,
under the same path, have to be on every node.
"""
from __future__ import annotations

import socket
from typing import Any

from localthink.engine.host import EngineHost
from localthink.engine.messages import Died, Loading, News, Order
from localthink.errors import EngineError, UsageError

LOCAL = "local"
REACHABLE = 10.0  # seconds to connect to a cluster's head
POLL_SECONDS = 0.1  # seconds that an actor waits for its engine before it looks for orders


class Hosted:
    """What an actor is: an engine's host, with all that it has heard at each call."""

    def __init__(self) -> None:
        self._host = EngineHost()

    def start(self, loading: Loading) -> None:
        self._host.start()
        self._host.send(loading)

    def send(self, orders: list[Order]) -> None:
        for order in orders:
            self._host.send(order)

    def receive(self) -> list[News]:
        return self._host.receive(POLL_SECONDS)


class RayWorkers:
    """`workers` actors (one for each node, if None) on the cluster at `address`; "local" starts one here.

    Raises UsageError where Ray is not installed, EngineError where the cluster cannot be reached.
    """

    def __init__(self, address: str, workers: int | None) -> None:
        try:
            import ray
        except ImportError:
            raise UsageError("Ray is not installed: pip install 'localthink[ray]'") from None
        self._ray = ray
        try:
            _check_reachable(address)
            if address == LOCAL:
                ray.init(num_cpus=workers or 1, include_dashboard=False, log_to_driver=False, configure_logging=False)
            else:
                ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (OSError, RuntimeError, ValueError) as error:
            raise EngineError(f"there is no Ray cluster at {address}: {_first_line(error)}") from None
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call, unused-ignore]
        self.size = workers or max(1, sum(bool(node["Alive"]) for node in nodes))
        self.engines_here = self.size if address == LOCAL else 1
        self._actors: list[Any] = [None] * self.size
        self._heard: dict[Any, int] = {}  # what is on its way from whom

    def start(self, worker: int, loading: Loading) -> None:
        """Begin anew, in the same actor if it lives."""
        if self._actors[worker] is None:
            remote = self._ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(Hosted)
            self._actors[worker] = remote.remote()
        self._actors[worker].start.remote(loading)
        self._listen(worker)

    def _listen(self, worker: int) -> None:
        self._heard[self._actors[worker].receive.remote()] = worker

    def send(self, worker: int, orders: list[Order]) -> None:
        if orders and self._actors[worker] is not None:
            self._actors[worker].send.remote(orders)

    def receive(self, seconds: float) -> list[tuple[int, News]]:
        if not self._heard:
            return []
        ready, _ = self._ray.wait(list(self._heard), num_returns=1, timeout=seconds)
        return [(worker, news) for future in ready for worker, news in self._read(future)]

    def _read(self, future: Any) -> list[tuple[int, News]]:
        worker = self._heard.pop(future)
        try:
            heard: list[News] = self._ray.get(future)
        except self._ray.exceptions.RayError as error:
            self._actors[worker] = None
            return [(worker, Died(f"a Ray actor is gone: {_first_line(error)}"))]
        if not any(isinstance(news, Died) for news in heard):  # whoever hears of a death starts it again
            self._listen(worker)
        return [(worker, news) for news in heard]

    def close(self) -> None:
        self._ray.shutdown()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


def _check_reachable(address: str) -> None:
    """Raise OSError where nobody listens at `host:port`: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), REACHABLE).close()
