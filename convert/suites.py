"""Names of what can be measured, apart from what measures it: the command line offers them without loading that."""

SUITES = ("validation", "testonly", "volumes", "testonly-volumes", "clicks", "robustness")
BASELINES = ("box", "ellipse", "grabcut")
