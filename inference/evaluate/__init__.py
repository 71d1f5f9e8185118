"""`clipbot evaluate`: how well a model does on pictures whose labels are known.

`dataset` finds the pictures, `predictions` runs the model and keeps what it says in `journal`,
`figures` counts, and `tables` and `page` show the report.
"""
