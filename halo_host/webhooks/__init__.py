"""The inbox: deliveries verified, stored and answered; then processed, replayed, pruned."""
