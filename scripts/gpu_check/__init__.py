"""The modules of scripts/gpu-check."""
