"""Screens: each puts widgets together and decides what their messages mean."""
