"""Chinese organisation names (单位名称): fold, read into parts, compare, and say why.

>>> from chengxin.kernel.names import compare_names
>>> compare_names("昆山市禾映科技有限公司", "昆山禾映科技有限责任公司").verdict.value
'same'
"""

from chengxin.kernel.names.comparing import compare_names
from chengxin.kernel.names.folding import fold_name, fold_name_sql
from chengxin.kernel.names.model import NameComparison, ParsedName, Reason, Verdict
from chengxin.kernel.names.parsing import parse_name

__all__ = [
    "NameComparison",
    "ParsedName",
    "Reason",
    "Verdict",
    "compare_names",
    "fold_name",
    "fold_name_sql",
    "parse_name",
]
