"""What a law of a port is, what a suite makes of laws, and how what they find reads."""
