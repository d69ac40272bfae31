"""What shows slices and turns the mouse into requests."""
