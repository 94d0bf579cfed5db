"""Deployment: what `ape run deploy …` finds here. `_core` does the work and knows nothing of Ape."""

import sys
from pathlib import Path

# Ape imports its scripts from their own folder; what they share with the services lies above it.
ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
