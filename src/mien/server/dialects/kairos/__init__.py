"""The API of Kairos: detect, enroll, verify, recognize, galleries; media and analytics of v2.

The wire is that of the service, whose failures are HTTP 200 with a code; what its documents leave
open, docs/reference/kairos_api.md says.
"""

from mien.server.dialects.kairos.app import KAIROS

__all__ = ["KAIROS"]
