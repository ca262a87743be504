"""Record bytes straight to rows, without an object per event.

`rows.scan_rows` is the door. Records are joined to one text (`batch`), each read within its own bounds; a compiled
scanner finds the fields of plain events (`events`, on `syntax`, `clock`, `lexicon`, `order` and `eight`; `layout` and
`words` say what it looks for); their columns become rows (`build`, `names`). What is odd goes through the typed decoder
(`odd`), which is the definition: the scanner gives the same rows and leaves the same rejects, sooner.
"""
