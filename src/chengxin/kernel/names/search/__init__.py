"""Search by name in memory, over millions: the index is built once from (id, name, kind) and answers with reasons.

>>> from chengxin.kernel.names.search import NameIndex
>>> index = NameIndex([(1, "昆山市禾映电子科技有限公司", "current"), (2, "上海农村商业银行股份有限公司", "current")])
>>> [index.search(text)[0].id for text in ("禾映", "沪农商行", "heying", "kshy")]
[1, 2, 1, 1]
"""

from chengxin.kernel.names.search.index import NameIndex
from chengxin.kernel.names.search.ranking import Candidate

__all__ = ["Candidate", "NameIndex"]
