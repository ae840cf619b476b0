"""Which change of bodies a version of a fact came from."""

from __future__ import annotations

from django.db import models


class Move(models.Model):
    """A version of a fact that was made because bodies were merged, split, or that was undone (变更所致版本).

    ``replaced_id`` is the version before it, ``from_subject_id`` the body it left, ``change_id`` the change with its
    reason. Rows are added, never changed.
    """

    record_id = models.BigIntegerField(primary_key=True)
    replaced_id = models.BigIntegerField()
    change_id = models.BigIntegerField(db_index=True)
    from_subject_id = models.BigIntegerField()

    def __str__(self) -> str:
        """Return version and change."""
        return f"{self.record_id} by {self.change_id}"
