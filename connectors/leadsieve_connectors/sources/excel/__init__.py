"""Excel workbooks: `.xlsx` and `.xlsm` read as a stream, `.xls` through xlrd, every cell as text."""

from leadsieve_connectors.sources.excel.recognition import mislabelled, recognise_workbook
from leadsieve_connectors.sources.excel.source import ExcelSource

__all__ = ["ExcelSource", "mislabelled", "recognise_workbook"]
