"""What if? A planning session that keeps what is warm, and answers one change at a time."""
