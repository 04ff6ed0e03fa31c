"""The figures of :meth:`Shopwindow.metrics` for Prometheus; needs ``shopwindow[metrics]``.

The shop registers them with its other metrics, and shows them where it shows those::

    from prometheus_client import REGISTRY, make_asgi_app
    from shopwindow.middleware.telemetry.metrics import collector

    REGISTRY.register(collector(window))
    app.mount("/metrics", make_asgi_app())

They are read when somebody asks, so that no page waits for them.

Several processes
    Each process counts what it has done itself. Behind one port a scrape meets any of them, and
    counters seem to jump: give each worker a target of its own
    (``prometheus_client.start_http_server(9100 + number)``, or one worker per container), and let
    Prometheus add up: ``sum without (instance) (rate(shopwindow_decisions_total[5m]))``. The
    multi-process mode of prometheus-client (``PROMETHEUS_MULTIPROC_DIR``) leaves out collectors
    like this one. :func:`shopwindow.middleware.telemetry.tracing.observe` pushes instead, process by process.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector
except ImportError as error:
    raise ImportError(
        'prometheus-client is missing: pip install "shopwindow[metrics]"'
    ) from error

if TYPE_CHECKING:
    from ..window import Shopwindow

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class _WindowCollector(Collector):
    def __init__(self, window: "Shopwindow") -> None:
        self._window = window

    def __repr__(self) -> str:
        return f"<collector of {self._window!r}>"

    def describe(self) -> Iterable[Family]:
        """The names alone: registering a second window is refused, not mixed up."""
        return self.collect()

    def collect(self) -> Iterator[Family]:
        for name, help, kind, labels, samples in self._window.metrics():
            family = _FAMILIES[kind](name, help, labels=labels)
            for values, number in samples.items():
                family.add_metric(values, number)
            yield family


def collector(window: "Shopwindow") -> Collector:
    """What a registry of prometheus-client asks for ``window``'s figures.

    Registering it raises :class:`ValueError` where another window's is registered already.
    """
    return _WindowCollector(window)
