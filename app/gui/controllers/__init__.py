"""One use case each: between the widgets, the document and the engine."""
