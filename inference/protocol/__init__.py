"""What bot and workers share, and the only part of `inference` that the bot imports.

    broker      the queue between them: NATS JetStream
    messages    what they send each other
    errors      what can go wrong, and whose fault it is
    labels      reading labels from what a user types
    settings    the settings of the worker, and those of both
    findings    what `clipbot doctor` reports, for the checks of both
    logs, tasks, malloc   logging, background tasks and memory of both processes

Import these modules; everything without a leading underscore can be used.
"""
