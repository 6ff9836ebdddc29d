"""Tables for the terminal, and pages of one file that load nothing: of studies, audits and verdicts."""

from tkit.report.audit import MOST_ROWS, audit_tables, write_audit
from tkit.report.rows import rows_table
from tkit.report.study import Details, write_study
from tkit.report.tables import comparison_table, differences_table, splits_table

__all__ = [
    "MOST_ROWS",
    "Details",
    "audit_tables",
    "comparison_table",
    "differences_table",
    "rows_table",
    "splits_table",
    "write_audit",
    "write_study",
]
