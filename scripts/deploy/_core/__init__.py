"""The deployment itself: what is to stand, what stands, and the steps between. Typed, and free of Ape."""
