"""Faces in moving pictures: who is who from frame to frame, and what is said of them without flicker."""
