"""What the operator of a bot sees: health checks, metrics, and the web server for them."""
