"""What the bot counts, for Prometheus: each metric is named by what it counts and its unit."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The metrics of one bot, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.updates = Counter(
            "clipbot_updates_total", "Updates taken from the platform.", registry=self.registry
        )
        self.jobs = Counter(
            "clipbot_jobs_total", "Jobs put into the queue.", registry=self.registry
        )
        self.refusals = Counter(
            "clipbot_refusals_total", "Questions that were refused.", registry=self.registry
        )
        self.answers = Counter(
            "clipbot_answers_total", "Answers that the platform took.", registry=self.registry
        )
        self.answer_seconds = Histogram(
            "clipbot_answer_seconds",
            "From the question's job to its answer.",
            buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600),
            registry=self.registry,
        )
        self.spanish_hints = Counter(
            "clipbot_spanish_hints_total",
            "People who wrote Spanish to a model that reads English only.",
            registry=self.registry,
        )
        self.workers = Gauge(
            "clipbot_workers_ready", "Workers that have their model.", registry=self.registry
        )
        self.jobs_waiting = Gauge(
            "clipbot_jobs_waiting", "Jobs stored in the queue.", registry=self.registry
        )
