"""Files of other machines: read on where a connection broke, and never a byte doubled or lost."""
