"""How evenly mien works over the people in somebody's own labelled pictures.

    report = measure_folder("pictures/")      # pictures and labels.csv
    print(report_text(report))
    write_document(report, "fairness.json")
    write_page(report, "fairness.html")

`labels.py` says how labels.csv is laid out; `looking.py` finds and describes the labelled faces,
`groups.py` sorts them, `measures.py` and `pairs.py` count. What it can and cannot show:
docs/how_to/fairness.md.
"""

from mien.fairness.document import fairness_schema, report_document, write_document
from mien.fairness.page import report_page, write_page
from mien.fairness.report import Report, measure_folder
from mien.fairness.text import report_text

__all__ = [
    "Report",
    "fairness_schema",
    "measure_folder",
    "report_document",
    "report_page",
    "report_text",
    "write_document",
    "write_page",
]
