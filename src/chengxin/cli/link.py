"""``chengxin link``: link two registers that share no codes; ``chengxin link-report``: how good that is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chengxin.base.errors import ChengxinError
from chengxin.cli.frame import both, output, progress, tell

if TYPE_CHECKING:
    from chengxin.linkage.linking import Linked
    from chengxin.linkage.quality import Quality

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
COUNTS = "counts.json"


@click.command(
    "link",
    short_help="关联两份名册 / link two registers",
    help=both(
        "按名称关联两份没有共同代码的名册（CSV），结果写入 --out 文件夹：links.csv、review.csv、sample.csv、"
        "report.html、report.json。两份名册都有法定代表人、成立日期、行政区划或地址列时一并比对，但不写入结果。"
        "关联只是建议，不会把任何信息归到主体名下。",
        "Link two registers (CSV) that share no codes, by name. The folder --out gets links.csv, review.csv, "
        "sample.csv (label it, then run link-report), report.html and report.json. Columns of leader, founding date, "
        "region or address that both files have are compared too and written nowhere. A link attaches no fact.",
    ),
)
@click.argument("first", metavar="FILE_A", type=FILE)
@click.argument("second", metavar="FILE_B", type=FILE)
@click.option("--out", required=True, type=FOLDER, help="输出文件夹 / folder for the result")
@click.option("--name-a", default="", help="FILE_A 的名称列 / header of the names in FILE_A")
@click.option("--name-b", default="", help="FILE_B 的名称列 / header of the names in FILE_B")
@click.option("--id-a", default="", help="FILE_A 的编号列，默认行号 / header of the ids in FILE_A")
@click.option("--id-b", default="", help="FILE_B 的编号列，默认行号 / header of the ids in FILE_B")
@click.option("--known", type=FILE, help="已知为同一主体的编号对（a_id,b_id）/ pairs of ids known to be one body")
@click.option(
    "--sample", default=300, show_default=True, type=click.IntRange(min=0), help="抽样核对的对数 / pairs to label"
)
@click.option("--seed", default=1, show_default=True, help="抽样的种子 / seed of the sample")
@click.option(
    "--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="计算引擎 / engine"
)
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def link(  # noqa: PLR0913, PLR0917 - the options of a command, each by name
    first: Path,
    second: Path,
    out: Path,
    name_a: str,
    name_b: str,
    id_a: str,
    id_b: str,
    known: Path | None,
    sample: int,
    seed: int,
    engine: str,
    as_json: bool,  # noqa: FBT001 - click hands flags in by name
) -> None:
    """Link and print the counts."""
    from chengxin.linkage.engines import ENGINES
    from chengxin.linkage.linking import LinkRegisters
    from chengxin.linkage.quality import draw_sample
    from chengxin.linkage.reading import read_register

    one, other = read_register(first, name_a, id_a), read_register(second, name_b, id_b)
    try:
        with progress() as report:
            linked = LinkRegisters(one, other, out, report, ENGINES[engine]()).execute()
    except OSError as error:
        raise ChengxinError(
            "folder_not_written",
            f"文件夹 {out} 写不进去（{error.strerror}），请换一个",
            f"the folder {out} cannot be written ({error.strerror}): choose another",
            where="--out",
        ) from error
    draw_sample(out, sample, seed)
    counts = {"first_file": first.name, "second_file": second.name, **linked.as_dict()}
    (out / COUNTS).write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")
    _finish(out, None, known, as_json=as_json)


@click.command(
    "link-report",
    short_help="关联质量报告 / quality of a linking",
    help=both(
        "根据已标注的 sample.csv 或已知的编号对，计算 chengxin link 的查准率和查全率。",
        "Measure precision and recall of a linking from its labelled sample.csv, or from known pairs.",
    ),
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--labels", type=FILE, help="已标注的 sample.csv / the labelled sample.csv")
@click.option("--known", type=FILE, help="已知为同一主体的编号对（a_id,b_id）/ pairs of ids known to be one body")
@click.option("--json", "as_json", is_flag=True, help="输出一行 JSON / one JSON object")
def link_report(
    folder: Path,
    labels: Path | None,
    known: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands flags in by name
) -> None:
    """Measure, write the report and print it."""
    _finish(folder, labels, known, as_json=as_json)


def _finish(folder: Path, labels: Path | None, known: Path | None, *, as_json: bool) -> None:
    """Write ``report.json`` and ``report.html`` and print the figures."""
    from chengxin.linkage.files import known_pairs
    from chengxin.linkage.linking import Linked
    from chengxin.linkage.page import render
    from chengxin.linkage.quality import measure_quality

    try:
        counts = json.loads((folder / COUNTS).read_text(encoding="utf-8"))
        names = counts.pop("first_file"), counts.pop("second_file")
        linked = Linked(**counts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChengxinError(
            "no_linking_here",
            f"{folder} 里没有 chengxin link 的结果，请给出它的 --out 文件夹",
            f"{folder} holds no result of chengxin link: give the folder its --out named",
            where=str(folder),
        ) from error
    pairs = known_pairs(known) if known else None
    quality = measure_quality(folder, labels, pairs) if labels or pairs else None
    result = {"files": names, **linked.as_dict(), "quality": asdict(quality) if quality else None}
    (folder / "report.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(render(linked, quality, *names), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    _print(folder, linked, quality)


def _print(folder: Path, linked: Linked, quality: Quality | None) -> None:
    """Say in a few lines what was found."""
    output().print(
        f"已关联 linked {linked.links:,}; 待核实 review {linked.review:,}; 比对 compared {linked.compared:,}"
    )
    if quality and quality.precision is not None:
        recall = quality.recall.value if quality.recall else None
        said = "" if recall is None else f"; 查全率 recall {recall:.4f}"
        output().print(f"查准率 precision {quality.precision:.4f}{said}")
    tell(
        f"结果在 {folder}；请标注 sample.csv 后运行 chengxin link-report",
        f"the result is in {folder}; label sample.csv, then run chengxin link-report",
    )
