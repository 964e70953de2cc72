"""Changes as values. A change is plain data with several readings, and nothing else in the program edits
anything:

- `applying.apply_to(change, snapshot)`: the account as it would be: the what-if;
- `inverting.inverse(change, snapshot)`: the changes that take it back: undo;
- `calls.calls(change, snapshot)`: the calls that make it, with exact parameters: the fix;
- `rendering`: the same for people who apply changes elsewhere.

A `Plan` is an ordered list of changes with what it was made from.
"""
