"""`python -m ecsiam_tui`."""

from ecsiam_tui.cli import main

main()
