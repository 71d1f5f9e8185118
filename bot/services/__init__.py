"""The services that `clipbot run` starts by itself when no NATS_URL is given."""
