"""The stages of a reading, each for one part of the account."""
