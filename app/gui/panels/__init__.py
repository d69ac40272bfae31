"""Widgets beside the slices: they show and ask, they know no other widget."""
