"""Tests of the explorer: state first, pictures for the few screens that matter."""
