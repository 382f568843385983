"""Proof on the output: which faces of a video or photo can still be seen once it was redacted.

audit = audit_video("clip.mp4", "clip_redacted.mp4")
audit.passed()                                      # whether nobody can be seen
write_audit(audit, "clip_audit.json")
write_audit_page(audit, "clip_audit.html")

It looks at both files anew and knows nothing of how the output was made. How it decides, and how
often it is right, stands in docs/concepts/audit.md.
"""

from mien.redact.audit.audit import Audit, audit_image, audit_video
from mien.redact.audit.document import write_audit
from mien.redact.audit.look import FrameAuditor
from mien.redact.audit.page import write_audit_page

__all__ = [
    "Audit",
    "FrameAuditor",
    "audit_image",
    "audit_video",
    "write_audit",
    "write_audit_page",
]
