"""What somebody should know: raised, sent, acknowledged."""
