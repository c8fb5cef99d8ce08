"""Long work: queued, owned by one worker at a time, kept when it has ended."""
