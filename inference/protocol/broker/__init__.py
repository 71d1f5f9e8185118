"""The queue between bot and workers, on NATS JetStream.

Others use `client`: `connect` returns a `Queue`, whose `pull_consumer` brings `Delivery` objects.
The names of streams, subjects and limits are in `streams`, and `addresses` reads NATS_URL.
The other modules are parts of the client.
"""
