"""How the shipped classifier is made: which pictures, crops of them, run, calibration."""
