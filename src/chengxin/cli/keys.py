"""``chengxin keys``: which keys there are, a new key for a purpose, and the public halves for others."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click
from rich.table import Table

from chengxin.base.clock import system_now
from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import both, choose_data, output, tell
from chengxin.cli.serve import data_option

STATES = {"current": "现用 current", "retired": "停用，仍可解密验签 retired"}

SOURCES = {
    "CHENGXIN_KEYS": "设置 CHENGXIN_KEYS the setting",
    "CREDENTIALS_DIRECTORY": "systemd 凭据 systemd's credentials",
    "CHENGXIN_DATA": "数据目录 the data folder",
}
"""Where keys may come from, by the setting that led there."""


@click.group(
    short_help="密钥 / keys",
    help=both(
        "密钥：查看、更换、导出公钥、改由 systemd 凭据提供。密钥文件在 CHENGXIN_KEYS，其次是 systemd 凭据，"
        "默认数据目录下的 keys，不在数据库里。",
        "Keys: list them, rotate one, export public keys, hand them over as systemd credentials. They lie in files "
        "(CHENGXIN_KEYS, else systemd's credentials, by default keys in the data folder), never in the database.",
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
    from chengxin.crypto.places import key_place

    place = key_place()
    facts = load_keyring().facts()
    table = Table(title="密钥 Keys")
    for column in ("编号 key id", "用途 purpose", "套件 suite", "状态 state", "生成时间 made at"):
        table.add_column(column, overflow="fold")
    for one in facts:
        made = one.made_at.isoformat(timespec="seconds")
        table.add_row(one.key_id, PURPOSES[one.purpose].zh, one.suite, STATES[one.state], made)
    output().print(table)
    output().print(f"来源 from: {SOURCES[place.setting]} {place.folder}", markup=False, soft_wrap=True)
    missing = [name for name in PURPOSES if name not in {one.purpose for one in facts}]
    if missing:
        output().print(f"没有密钥的用途 purposes without a key: {' '.join(missing)}", markup=False, soft_wrap=True)


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


@keys.command(
    "make",
    short_help="生成一个不存盘的密钥 / make a key that is kept nowhere",
    help=both(
        "为 PURPOSE 生成第 VERSION 版密钥，写到标准输出，送进 systemd-creds encrypt；本机不留明文。",
        "Make version VERSION of PURPOSE's key and write it to stdout, for systemd-creds encrypt: no clear text stays.",
    ),
)
@click.argument("purpose", metavar="PURPOSE")
@click.argument("version", metavar="VERSION", type=click.IntRange(1, 999_999_999))
def make(purpose: str, version: int) -> None:
    """Write a new key to stdout, which must not be a terminal: what it shows is kept and seen."""
    from chengxin.crypto.keyfiles import as_text, key_name
    from chengxin.crypto.keyring import new_key
    from chengxin.crypto.places import encrypt_command

    known_purpose(purpose)
    command = f"chengxin keys make {purpose} {version} | {encrypt_command(key_name(purpose, version))}"
    if sys.stdout.isatty():
        raise ChengxinError(
            "key_on_terminal",
            f"密钥不能显示在终端上，请送进 systemd-creds：{command}",
            f"a key is not shown on a terminal: hand it to systemd-creds: {command}",
            where=purpose,
        )
    click.echo(as_text(new_key(purpose, version, system_now())))


@keys.command(
    "credentials",
    short_help="改由 systemd 凭据提供密钥的命令 / how to hand the keys over as credentials",
    help=both(
        "显示把现有密钥加密成 systemd 凭据的命令和单元里的各行；什么也不改动。",
        "Print the commands that encrypt the keys as systemd credentials, and the unit's lines. Changes nothing.",
    ),
)
@data_option
def credentials(data: Path | None) -> None:
    """Print the commands, which root runs, and the lines of a drop-in."""
    choose_data(data)
    from chengxin.crypto import load_keyring
    from chengxin.crypto.keyfiles import key_name
    from chengxin.crypto.places import encrypt_command, key_place, load_line

    place = key_place()
    if place.handed_over:
        raise ChengxinError(
            "keys_are_credentials",
            "密钥已经由 systemd 凭据提供，不用再转换",
            "the keys are systemd's credentials already",
            where=str(place.folder),
        )
    if not place.folder.is_dir():
        raise ChengxinError(
            "keys_missing",
            f"密钥目录 {place.folder} 不存在，请先启动一次平台，或用 --data 指出数据目录",
            f"there is no key folder {place.folder}: start the platform once, or name the data folder with --data",
            where=str(place.folder),
        )
    names = [key_name(one.purpose, one.version) for one in load_keyring(place.folder).facts()]
    for name in names:
        click.echo(encrypt_command(name, shlex.quote(str(place.folder / name))))
    click.echo("# systemctl edit chengxin-serve.service\n[Service]")
    for name in names:
        click.echo(load_line(name))
    tell(
        "请以 root 执行以上命令，把 [Service] 各行写进单元后重启，再用 chengxin keys list 核对来源；"
        "另存一份密钥以后才能删除原目录",
        "run these as root, put the lines into the unit and restart it, then look with chengxin keys list where the "
        "keys come from; remove the folder only when a copy lies elsewhere",
    )


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
