"""How fast wslogs is, beside other programs and as its input grows:  python -m benchmarks --help

Nothing here is a part of wslogs or of its tests: speed is only ever compared, and no figure is asserted.
"""
