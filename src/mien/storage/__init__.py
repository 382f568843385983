"""What is kept: accounts, keys, counters, collections, sealed templates, assets and jobs.

The only part of mien that speaks SQL and that knows how templates are encrypted.
"""

from mien.storage.accounts import PLANS, Account, ApiKey
from mien.storage.rows import (
    CollectionRow,
    FaceChunk,
    FaceRow,
    OperationRow,
    PersonRow,
    ReceiptRow,
    SnapshotRow,
    TemplateRow,
    TrainingRow,
)
from mien.storage.storage import Place, Storage, data_folder, open_storage
from mien.storage.usage import DAY_S, MINUTE_S, MONTH_S, Taken

__all__ = [
    "DAY_S",
    "MINUTE_S",
    "MONTH_S",
    "PLANS",
    "Account",
    "ApiKey",
    "CollectionRow",
    "FaceChunk",
    "FaceRow",
    "OperationRow",
    "PersonRow",
    "Place",
    "ReceiptRow",
    "SnapshotRow",
    "Storage",
    "Taken",
    "TemplateRow",
    "TrainingRow",
    "data_folder",
    "open_storage",
]
