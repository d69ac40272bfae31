"""Windows of their own: they show and ask, they know no other widget."""
