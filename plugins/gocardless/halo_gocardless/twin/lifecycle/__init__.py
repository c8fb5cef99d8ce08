"""How things go on after they were created: what banks, payers and GoCardless do, and when.

Each module holds the steps of one kind of thing. A step changes the thing, writes its event and
plans what comes next; requests, scenario simulators and the clock all go through the same steps.
"""
