"""``chengxin keys``: which keys there are, a new key for a purpose, and the public halves for others."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import both, choose_data, output, tell
from chengxin.cli.serve import data_option

STATES = {"current": "现用 current", "retired": "停用，仍可解密验签 retired"}


@click.group(
    short_help="密钥 / keys",
    help=both(
        "密钥：查看、更换、导出公钥。密钥文件在 CHENGXIN_KEYS（默认数据目录下的 keys），不在数据库里。",
        "Keys: list them, rotate one, export public keys. They lie in files (CHENGXIN_KEYS, by default keys in the "
        "data folder), never in the database.",
    ),
)
def keys() -> None:
    """Hold the commands about keys."""


@keys.command(
    "list",
    short_help="列出密钥 / list the keys",
    help=both("列出各用途的密钥，不显示密钥本身。", "List the keys of every purpose; no key itself is shown."),
)
@data_option
def list_keys(data: Path | None) -> None:
    """Print what may be said about every key, making the first keys where there are none."""
    choose_data(data)
    from chengxin.crypto import PURPOSES, load_keyring

    table = Table(title="密钥 Keys")
    for column in ("编号 key id", "用途 purpose", "套件 suite", "状态 state", "生成时间 made at"):
        table.add_column(column, overflow="fold")
    for one in load_keyring().facts():
        made = one.made_at.isoformat(timespec="seconds")
        table.add_row(one.key_id, PURPOSES[one.purpose].zh, one.suite, STATES[one.state], made)
    output().print(table)


@keys.command(
    "rotate",
    short_help="更换密钥 / make the next key of a purpose",
    help=both(
        "为 PURPOSE 生成新密钥；旧密钥停用，但仍能解密和验签。运行中的各进程随即改用新密钥，无须重启。",
        "Make a new key for PURPOSE; the old one still opens and verifies. Running processes use the new key at once.",
    ),
)
@click.argument("purpose", metavar="PURPOSE")
@data_option
def rotate(purpose: str, data: Path | None) -> None:
    """Rotate one purpose and print the new key's id on stdout."""
    choose_data(data)
    from chengxin.crypto import load_keyring

    known_purpose(purpose)
    made = load_keyring().rotate(purpose, system_now())
    tell(
        f"已更换，现用密钥 {made.key_id}（{made.suite}）。请马上备份密钥目录，旧密钥文件不要删除",
        f"rotated, the current key is {made.key_id} ({made.suite}): back the key folder up now and keep the old files",
    )
    click.echo(made.key_id)


@keys.command(
    "public",
    short_help="导出公钥 / export public keys",
    help=both(
        "导出 PURPOSE 的全部公钥（PEM，现用的在前），交给需要验签的单位。",
        "Export the public keys of PURPOSE (PEM, the current one first) for those who verify.",
    ),
)
@click.argument("purpose", metavar="PURPOSE")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写入文件，不覆盖已有文件 / write to a file that does not exist yet",
)
@data_option
def public(purpose: str, out: Path | None, data: Path | None) -> None:
    """Write the public keys of one purpose to stdout or to a new file."""
    choose_data(data)
    from chengxin.crypto import load_keyring

    known_purpose(purpose)
    text = "".join(one.block() for one in load_keyring().public_keys(purpose))
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="ascii") as target:
            target.write(text)
    except OSError as error:
        raise ChengxinError(
            "file_not_written",
            f"公钥没有写入 {out}（{error.strerror}），请换一个不存在的文件名",
            f"the public keys were not written to {out} ({error.strerror}): choose a new file name",
            where=str(out),
        ) from None
    tell(f"公钥已写入 {out}", f"the public keys are in {out}")


def known_purpose(purpose: str) -> None:
    """Raise ``ChengxinError``, naming the purposes there are, when ``purpose`` is none of them."""
    from chengxin.crypto import PURPOSES

    if purpose not in PURPOSES:
        known = " ".join(PURPOSES)
        raise ChengxinError(
            "purpose_unknown",
            f"没有密钥用途“{purpose}”，可选：{known}",
            f"there is no key purpose {purpose!r}; choose one of {known}",
            where=purpose,
        )
