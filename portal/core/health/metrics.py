"""Numbers for Prometheus: requests, jobs, outbox, queue.

The web server's processes and the worker each write to files of their own in one folder
(``PROMETHEUS_MULTIPROC_DIR``, set before this module is imported); whichever is asked adds them up.
"""

import os
from collections.abc import Iterable
from functools import cache

import sqlalchemy as sa
from flask import Flask, current_app
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.core import jobs
from portal.core.db import db
from portal.core.jobs import queue_of
from portal.core.jobs.running import count_workers
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage

_REQUESTS = Counter("portico_requests", "Requests answered.", ["endpoint", "method", "status"])
_REQUEST_SECONDS = Histogram(
    "portico_request_seconds",
    "Seconds until a request was answered.",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_JOBS = Counter("portico_jobs", "Background jobs that ended.", ["job", "outcome"])
_JOB_SECONDS = Histogram(
    "portico_job_seconds", "Seconds a background job took.", ["job"], buckets=(0.01, 0.1, 1, 10, 60, 300, 1800)
)

# Looking a labelled number up costs more than changing it, so those in use are kept. The names are ours and few.
_requests_of = cache(_REQUESTS.labels)
_seconds_of = cache(_REQUEST_SECONDS.labels)


def count_request(endpoint: str, method: str, status: int, seconds: float) -> None:
    _requests_of(endpoint, method, status).inc()
    _seconds_of(endpoint).observe(seconds)


def count_job(job: str, outcome: str, seconds: float) -> None:
    _JOBS.labels(job, outcome).inc()
    _JOB_SECONDS.labels(job).observe(seconds)


class StateCollector(Collector):
    """Numbers that stand in the database and in the queue, read when asked for."""

    def collect(self) -> Iterable[Metric]:
        outbox = GaugeMetricFamily("portico_outbox_messages", "Messages by state.", labels=["state"])
        query = sa.select(OutboxMessage.state, sa.func.count()).group_by(OutboxMessage.state)
        counts = {str(state): count for state, count in db.session.execute(query)}
        for state in MessageState:
            outbox.add_metric([state.value], counts.get(state.value, 0))
        yield outbox
        yield GaugeMetricFamily("portico_workers", "Workers that gave a sign of life.", value=count_workers())
        depth = queue_of(current_app).pending_count()
        yield GaugeMetricFamily("portico_queue_depth", "Jobs waiting in the queue.", value=depth)


def exposition() -> bytes:
    """Return every number in Prometheus' text format."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    state = CollectorRegistry()
    state.register(StateCollector())
    return generate_latest(registry) + generate_latest(state)


def init_app(app: Flask) -> None:
    if count_job not in jobs.observers:
        jobs.observers.append(count_job)
