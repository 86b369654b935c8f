"""Take money in sessions, through any payment provider."""
