"""The IAM policy language: parse, match, evaluate, explain.

`document` parses and renders; `layers` compiles policies; `evaluation.evaluate(layers, request)` decides and
`Decision.explain()` says why. `account.AccountPolicies` builds layers and requests from a snapshot. On top of
them: `access` (everything a principal may do), `who_can`, `why_not`, `lint`, and `batch` (policy tests as
JSON Lines)."""
