"""The inference worker: pulls jobs, classifies their pictures in batches, and stores the results.

    worker         start, status and stop; `serve` is the process of `clipbot worker`
    batch_loop     pulls jobs and runs batches, as `scheduler` decides
    scheduler      which batch runs next: a state machine without I/O
    batch_run      one batch on its way through the `pipeline`
    job_lease      one job that this worker holds, until it is acknowledged or given back

Others use `worker.serve`, and `batcher.Batcher` to classify without a queue.
"""
