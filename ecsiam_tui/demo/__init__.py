"""The demo account: a small company's estate in an embedded moto, with realistic mistakes.

`estate/*.toml` declares the account; `seed` fills it through the very AWS calls that made real estates, and
sets directly in moto's backends what moto drops. `account` runs it inside this process, `server` behind a
loopback endpoint, `source` reads it as any other account is read. Only this package imports moto.
"""
