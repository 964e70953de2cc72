"""The edge to Amazon Web Services: the only package that imports boto3 and botocore.

`session` makes clients, `errors` puts failures into words, `calls` is the table of every call that is made,
`reader` makes them (paced, concurrent, never failing), `collect` puts what they answer into a snapshot, and
`live` offers that as a source.
"""
