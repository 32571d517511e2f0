"""What is kept outside the store: signed checkpoints of the trail, and its copies."""
