"""How much one file may cost."""

from dataclasses import asdict, dataclass
from typing import Self

from chengxin.intake.reader.outcome import Kind


@dataclass(frozen=True)
class Limits:
    """Bounds of one reading; every one is a setting.

    The figures come from two measurements: a workbook of 1.5 KB whose two cells span the sheet makes a
    range-based reader ask for 512 GiB, and a text file of 600 MB (1,000,000 rows of 30 columns, Chinese) takes
    10 s of CPU here.

    Attributes:
        max_file_bytes: Size of the file itself, bytes.
        max_csv_rows: Data rows of a text file.
        max_xlsx_rows: Data rows of a workbook.
        max_columns: Columns.
        max_cell_chars: Characters of one cell; 32,767 is what a spreadsheet can hold.
        max_header_chars: Characters of one column name.
        address_space_bytes: RLIMIT_AS of the child.
        cpu_seconds: RLIMIT_CPU of the child, before the allowance for size.
        wall_seconds: Wall time of the child, before the allowance for size.
        csv_bytes_per_second: Every so many bytes of a text file earn one more CPU second; a quarter of the
            speed measured, so that a slow machine still finishes.
        max_spool_bytes: RLIMIT_FSIZE of the child for a text file.
        max_xlsx_spool_bytes: The same for a workbook, where one stored string can fill millions of cells.
        zip_ratio: Unpacked size divided by packed size, of any member and of all together.
        zip_ratio_floor_bytes: Members up to this size are not judged by ratio: they cannot do harm.
        zip_total_bytes: Declared unpacked size of all members.
        zip_members: Members of the package.
    """

    max_file_bytes: int = 1 << 30
    max_csv_rows: int = 2_000_000
    max_xlsx_rows: int = 200_000
    max_columns: int = 200
    max_cell_chars: int = 32_767
    max_header_chars: int = 200
    address_space_bytes: int = 1 << 30
    cpu_seconds: int = 30
    wall_seconds: int = 60
    csv_bytes_per_second: int = 15_000_000
    max_spool_bytes: int = 4 << 30
    max_xlsx_spool_bytes: int = 1 << 30
    zip_ratio: int = 100
    zip_ratio_floor_bytes: int = 1 << 20
    zip_total_bytes: int = 200_000_000
    zip_members: int = 200

    def cpu_for(self, kind: Kind, size: int) -> int:
        """CPU seconds for a file of ``size`` bytes: the base and, for text, the allowance."""
        return self.cpu_seconds + self._allowance(kind, size)

    def wall_for(self, kind: Kind, size: int) -> int:
        """Wall seconds for a file of ``size`` bytes: the base and twice the CPU allowance."""
        return self.wall_seconds + 2 * self._allowance(kind, size)

    def spool_for(self, kind: Kind) -> int:
        """Bytes the child may write."""
        return self.max_xlsx_spool_bytes if kind == "xlsx" else self.max_spool_bytes

    def rows_for(self, kind: Kind) -> int:
        """Data rows a file of this kind may have."""
        return self.max_xlsx_rows if kind == "xlsx" else self.max_csv_rows

    @property
    def max_line_chars(self) -> int:
        """Characters of one physical line: a full row of full cells."""
        return self.max_columns * self.max_cell_chars

    def to_json(self) -> dict[str, int]:
        """The limits as plain values, for the child."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, int]) -> Self:
        """The inverse of :meth:`to_json`."""
        return cls(**value)

    def _allowance(self, kind: Kind, size: int) -> int:
        return 0 if kind == "xlsx" else size // self.csv_bytes_per_second


DEFAULT = Limits()
