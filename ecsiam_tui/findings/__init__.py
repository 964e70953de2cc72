"""What is wrong in an account: one table of rules, each a small function over the facts of a snapshot."""
