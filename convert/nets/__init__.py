"""Networks: ours (swift) and the SAM family."""
