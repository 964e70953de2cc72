"""The explorer: the only package that imports textual. Data first (`rows`, `facts`), widgets second."""

import os

# A terminal sends Escape alone or as the start of another key. Textual waits 100 ms to tell which, and that
# is felt at every step back; 25 ms do. It reads the variable when it is imported. See also `terminal`.
os.environ.setdefault("ESCDELAY", "25")
