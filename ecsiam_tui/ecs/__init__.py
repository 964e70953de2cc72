"""What Amazon ECS asks of IAM: who acts in which role, what each role must be able to do, and what an error
means.

`workloads` says what runs and with which roles, `requirements` what each of them needs, `judge` whether the
account's policies give it.
"""
