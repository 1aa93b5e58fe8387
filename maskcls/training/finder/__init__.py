"""How the shipped face finder is made: its start from the teacher's weights, crops, targets, run."""
