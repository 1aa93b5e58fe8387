"""Find every face in a picture and say whether a mask is worn, worn partially, or missing."""

__version__ = "0.1.0"
