"""Reports over gates that there were: pure figures from gate records, and the forms in which they are read.

`Tally` takes gates one at a time and keeps no more of them than a report shows; `observe.Watch` does the same for rules
on trial. Neither reads a clock, a store or a file.
"""
