"""What an operator sees: starts, crashes, faults, and the webhook."""
