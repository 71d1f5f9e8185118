"""While pictures wait: their places in the queue, notices, and taking them back."""
