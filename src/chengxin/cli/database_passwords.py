"""``chengxin database-passwords``: new passwords for the embedded database's roles while the platform works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chengxin.base.config import data_folder, read_secrets
from chengxin.base.errors import ChengxinError
from chengxin.cli.database import embedded_server, external_urls, renew
from chengxin.cli.frame import both, choose_data, interruptible, tell
from chengxin.cli.serve import data_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "database-passwords",
    short_help="更换数据库口令 / renew the database's passwords",
    help=both(
        "为内置数据库的全部角色换发随机口令；运行中的服务不受影响，旧口令随即失效。chengxin serve 每次启动时也会更换。"
        "外部 PostgreSQL 的口令由它的运维方更换。",
        "Give every role of the embedded database a new random password. What runs goes on, old passwords end at once. "
        "chengxin serve does it at each start, too. An outside PostgreSQL's passwords are its operator's.",
    ),
)
@data_option
def database_passwords(data: Path | None) -> None:
    """Renew and say so; no password is shown."""
    choose_data(data)
    if external_urls():
        raise ChengxinError(
            "outside_database",
            "数据库在平台之外，口令或客户端证书由它的运维方更换，见 docs/operations.zh-CN.md",
            "the database is an outside one: its operator changes passwords or client certificates, see "
            "docs/operations.md",
            where="CHENGXIN_DATABASE_URL_OWNER",
        )
    folder = data_folder()
    read_secrets(folder)
    with interruptible(), embedded_server(folder):
        renew(folder)
    tell(
        "数据库口令已全部更换，旧口令不再有效；运行中的服务不需要重启",
        "all passwords of the database are new and the old ones open nothing; what runs needs no restart",
    )
