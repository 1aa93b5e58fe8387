"""The steps of the Train page: bring pictures, check them, teach, watch, and see what came out."""
