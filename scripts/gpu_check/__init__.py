"""What scripts/gpu-check does, a module for each thing that it knows."""
