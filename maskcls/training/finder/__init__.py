"""How the shipped face finder is made: teacher, slim start, crops, targets, run."""
