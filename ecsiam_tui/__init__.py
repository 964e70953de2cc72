"""A terminal explorer for the permissions of Amazon ECS."""

__version__ = "0.1.0"
