"""The explorer: the only package that imports textual. Data first (`rows`, `facts`), widgets second."""
