"""Chinese organisation names (单位名称): one form for comparing and searching."""

from chengxin.kernel.names.folding import fold_name, fold_name_sql

__all__ = ["fold_name", "fold_name_sql"]
