"""The main job told as a story: from real meter readings to a retired kilogram, on real parts."""
