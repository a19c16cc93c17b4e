"""What a server counts of itself, for Prometheus."""

from functools import cached_property

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PICTURES = (1, 2, 4, 8, 16, 32)


class Measures:
    """Counters in a registry of their own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "passerby_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "passerby_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.running = Gauge("passerby_requests_running", "Requests being answered.", registry=self.registry)
        self.batch = Histogram(
            "passerby_batch_pictures", "Pictures embedded together.", buckets=PICTURES, registry=self.registry
        )
        self.queue = Gauge("passerby_queue_pictures", "Pictures waiting to be embedded.", registry=self.registry)
        self.records = Gauge("passerby_gallery_records", "Records in the gallery.", registry=self.registry)
        self.expired = Counter("passerby_retention_deleted", "Records deleted by retention.", registry=self.registry)

    @cached_property
    def retained(self) -> Gauge:
        """When retention last went well, 0 for not yet; it is told from its first use on.

        Only a server with retention uses it: one without would else look like one whose retention fails.
        """
        return Gauge(
            "passerby_retention_last_success_seconds",
            "When retention last went well, since 1970; 0 for not yet.",
            registry=self.registry,
        )

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
