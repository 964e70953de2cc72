"""Fixes: for a finding, the changes that mend it, each proved by the engine before it is offered.

- `fix`: what a fix is, and the table of recipes;
- `recipes`: the recipes, a module a family;
- `proof`: `fixes_for(finding, facts)`, `prove(fix, finding, facts)`.
"""
