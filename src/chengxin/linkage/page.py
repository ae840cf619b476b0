"""The quality report as a page: figures with their intervals, and a bar for each band."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chengxin.linkage.linking import Linked
    from chengxin.linkage.quality import Quality, Share

_STYLE = """body{font:16px/1.6 "Noto Sans CJK SC",sans-serif;color:#1c2430;max-width:46rem;
margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #c9d1dc;padding:.3rem .5rem;text-align:right}
th:first-child,td:first-child{text-align:left}svg{display:block;width:100%;height:auto}small{color:#4a5565}"""
_WIDTH = 600
_BAR = 26


def render(linked: Linked, quality: Quality | None, first: str, second: str) -> str:
    """Return the report as one HTML page that needs nothing else; ``first`` and ``second`` name the registers."""
    parts = [
        "<!doctype html>",
        '<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>名册关联质量报告 Linking quality</title><style>{_STYLE}</style></head><body>",
        "<h1>名册关联质量报告</h1><p><small>Quality of the linking</small></p>",
        f"<p>{escape(first)}（{linked.first:,}）× {escape(second)}（{linked.second:,}）</p>",
        _counts(linked),
        _figures(quality) if quality else _unlabelled(),
        "<p>关联只是名称上的建议，不能据以将任何信息归到主体名下；须凭代码或经人工核实。</p>",
        "<p><small>A link is a proposal about names: it attaches no fact to anybody.</small></p>",
        "</body></html>",
    ]
    return "\n".join(parts)


def _counts(linked: Linked) -> str:
    rows = (
        ("比对的名称对 pairs compared", linked.compared),
        ("已关联 linked", linked.links),
        ("待人工核实 left to a person", linked.review),
    )
    return "<table>" + "".join(f"<tr><td>{name}</td><td>{count:,}</td></tr>" for name, count in rows) + "</table>"


def _unlabelled() -> str:
    return (
        "<p>尚无抽样真值：请在 sample.csv 最后一列填 1 或 0，再运行 chengxin link-report。<br>"
        "<small>No truth sampled yet: fill in the last column of sample.csv and run chengxin link-report.</small></p>"
    )


def _figures(quality: Quality) -> str:
    rows = [("查准率 precision", _percent(quality.precision), f"≥ {_percent(quality.precision_low)}")]
    for name, share in (("查全率 recall", quality.recall), ("在待核实中 in review", quality.in_review)):
        if share is not None:
            rows.append((name, _percent(share.value), _interval(share)))
    rows.append(("待核实中为同一主体 same among review", _percent(quality.review.value), _interval(quality.review)))
    table = "".join(f"<tr><td>{name}</td><td>{value}</td><td>{spread}</td></tr>" for name, value, spread in rows)
    head = "<tr><th>指标</th><th>估计</th><th>95 %</th></tr>"
    return f"<h2>抽样真值 {quality.sampled:,} 对</h2><table>{head}{table}</table>{_chart(quality)}"


def _chart(quality: Quality) -> str:
    """Draw each band's share of right links, with its interval."""
    height = _BAR * len(quality.bands) + 10
    marks = []
    for place, band in enumerate(quality.bands):
        top = place * _BAR + 5
        low, high = 150 + band.right.low * 400, 150 + band.right.high * 400
        value = band.right.value
        marks.append(f'<text x="0" y="{top + 16}" font-size="14">{band.name}（{band.links:,}）</text>')
        if value is not None:
            marks.append(f'<rect x="150" y="{top + 4}" width="{value * 400:.1f}" height="14" fill="#2f6f9f"/>')
        marks.append(f'<path d="M{low:.1f} {top + 11}H{high:.1f}" stroke="#1c2430" stroke-width="2"/>')
        marks.append(f'<text x="558" y="{top + 16}" font-size="12">{_percent(value)}</text>')
    label = "各概率段关联正确的比例"
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">{"".join(marks)}</svg>'


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.2f} %"


def _interval(share: Share) -> str:
    return f"{_percent(share.low)} – {_percent(share.high)}"
