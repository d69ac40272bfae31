"""Writers: aside first, read back by an independent reader, compared, then moved into place."""
