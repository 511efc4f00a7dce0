"""Excel workbooks: `.xlsx` and `.xlsm` read as a stream, `.xls` through xlrd, every cell as text.

`recognition` tells a workbook from other files, and `source` reads it; most runs need the first alone.
"""
