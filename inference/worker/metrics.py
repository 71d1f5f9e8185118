"""What a worker counts, in Prometheus' form; served where METRICS_PORT is set."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# From a batch on a GPU (10 ms) to a large checkpoint on a slow CPU.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counters of one worker, in a registry of their own.

    Attributes:
        jobs: by outcome: `answered`, `failed` (the model call raised), `unreadable` (no picture of
            it could be read), `poison`, `handed_back`, `undecodable`, `unheard`, `unknown_version`.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def histogram(name: str, help_text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, help_text, buckets=buckets, registry=self.registry)

        self.jobs = Counter(
            "clipbot_jobs", "Jobs settled, by outcome.", ["outcome"], registry=self.registry
        )
        self.ready = Gauge(
            "clipbot_model_ready", "1 while the model is loaded.", registry=self.registry
        )
        self.batch_size = histogram("clipbot_batch_size", "Pictures in a batch.", _SIZES)
        self.queued = histogram(
            "clipbot_queued_seconds", "From asking to a worker's hands.", _SECONDS
        )
        self.decode = histogram("clipbot_decode_seconds", "Decoding a job's pictures.", _SECONDS)
        self.model = histogram("clipbot_model_seconds", "A batch in the model.", _SECONDS)
        self.chart = histogram("clipbot_chart_seconds", "Drawing a chart.", _SECONDS)
