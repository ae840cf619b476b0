"""What a citizen finds on the pages, and what nobody may find there."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

if TYPE_CHECKING:
    from django.test import Client
    from tests.ends.public.conftest import Store

CODE = "91320583187588026H"
PERSON = "11010519491231002X"  # the example number of GB 11643
PAGES = ["/", "/search/?q=金石", f"/body/{CODE}/", "/licences/", "/penalties/", "/about/"]


def _text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def _penalty(store: Store) -> int:  # noqa: ARG001 - it asks for the store to be filled
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_id FROM publication.fact WHERE item = 'penalty'")
        return int(cursor.fetchone()[0])


def test_home_says_what_the_site_holds_and_when_it_changed(client: Client, city_store: Store) -> None:
    text = _text(client, "/")
    assert "查昆山市单位的公共信用信息" in text
    assert "演练数据" in text
    assert re.search(r"<dt>公示主体</dt><dd>25</dd>", text)
    assert re.search(r"<dt>行政许可</dt><dd>12</dd>", text)
    assert "未按规定公示商品价格" in text
    assert "2026年11月23日 09:30" in text
    assert text.count('<rect class="series-') == 24
    assert "<td>1</td>" in text
    assert city_store


def test_home_of_an_empty_store_still_stands(client: Client) -> None:
    text = _text(client, "/")
    assert "近十二个月没有公示的决定" in text
    assert text.count("目前没有在公示期内的信息") == 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("精密", "昆山市金石精密机械有限公司"),
        ("金石机械厂", "曾用名："),
        ("jinshi precision", "英文名称："),
        ("9132058318", "代码相符"),
    ],
)
def test_search_says_which_name_matched(client: Client, city_store: Store, asked: str, expected: str) -> None:
    text = _text(client, f"/search/?q={asked}")
    assert expected in text
    assert f'href="/body/{CODE}/"' in text
    assert city_store


def test_search_pages_through_all_that_match_once(client: Client, city_store: Store) -> None:
    address, found = "/search/?q=小吃", []
    while address:
        text = _text(client, address)
        found += re.findall(r"第(\d+)小吃店</a>", text)
        more = re.search(r'rel="next" href="([^"]+)"', text)
        address = html.unescape(more[1]) if more else ""
    assert sorted(map(int, found)) == list(range(24))
    assert city_store


def test_one_character_is_too_few_and_the_page_says_so(client: Client, city_store: Store) -> None:
    text = _text(client, "/search/?q=金")
    assert "请多输入一个字" in text
    assert "精密机械" not in text
    assert city_store


def test_nothing_found_is_never_said_to_be_no_record(client: Client, city_store: Store) -> None:
    text = _text(client, "/search/?q=不存在的")
    assert "没有查到不等于没有记录" in text
    assert "本站不能查询自然人" in text
    assert city_store


@pytest.mark.parametrize("asked", [CODE, CODE.lower(), "9132 0583-1875 88026H"])
def test_a_whole_code_leads_to_its_body(client: Client, city_store: Store, asked: str) -> None:
    response = client.get("/search/", {"q": asked})
    assert (response.status_code, response["Location"]) == (302, f"/body/{CODE}/")
    assert city_store


def test_a_code_that_is_not_right_is_explained(client: Client, city_store: Store) -> None:
    text = _text(client, "/search/?q=913205831875880261")
    assert "请核对这个代码" in text
    assert "校验码" in text
    assert "Please check this code" in _text(client, "/en/search/?q=913205831875880261")
    assert city_store


@pytest.mark.parametrize(
    "asked",
    [
        PERSON,
        PERSON.lower(),
        "110105 19491231 002X",
        "张三110105194912310021",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105491231002",
    ],
)
@pytest.mark.parametrize("address", ["/search/", "/licences/", "/en/penalties/"])
def test_a_persons_number_is_not_looked_for_and_not_repeated(
    client: Client, city_store: Store, asked: str, address: str
) -> None:
    city_store.body(f"昆山{asked}店")
    response = client.get(address, {"q": asked})
    text = response.content.decode()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "没有用于查询" in text or "was not looked up" in text
    folded = re.sub(r"[ \s]", "", text)
    assert asked not in text
    assert "49123100" not in folded
    assert "４９１２" not in text


def test_a_persons_number_is_no_address_of_a_body(client: Client, city_store: Store) -> None:
    city_store.body("某店", PERSON, kind="individual_business")
    text = _text(client, f"/body/{PERSON}/", 404)
    assert PERSON not in text
    assert "某店" not in text


def test_a_body_shows_what_is_public_and_nothing_else(client: Client, city_store: Store) -> None:
    text = _text(client, f"/body/{CODE}/")
    for shown in ("周明远", "1,250.5 万元", "2011年6月8日", "长期", "昆山金石机械厂", "主体标识码", "登记管理部门"):
        assert shown in text
    assert "内部备注" not in text
    assert "免费" in text
    assert city_store


def test_an_individual_business_shows_no_address_and_no_operator(client: Client, store: Store) -> None:
    store.body("昆山市阿婆面馆", CODE, kind="individual_business", address="某小区3号楼", legal_representative="王某")
    text = _text(client, f"/body/{CODE}/")
    assert "某小区" not in text
    assert "王某" not in text


def test_a_body_lists_the_newest_first_and_pages_each_item(client: Client, city_store: Store) -> None:
    text = _text(client, f"/body/{CODE}/")
    days = re.findall(r'决定日期" class="date"><time datetime="([^"]+)"', text)
    assert days[:10] == [f"2025-{month:02d}-15" for month in range(12, 2, -1)]
    more = re.search(r'rel="next" href="([^"]+)"', text)
    assert more is not None
    rest = _text(client, html.unescape(more[1]).partition("#")[0])
    assert 'datetime="2025-02-15"' in rest
    assert 'datetime="2025-03-15"' not in rest
    assert "未按规定公示商品价格" in rest
    assert city_store


def test_a_fact_shows_its_fields_its_source_and_why_it_is_shown_so_long(client: Client, city_store: Store) -> None:
    text = _text(client, f"/fact/{_penalty(city_store)}/")
    for shown in (
        "未按规定公示商品价格",
        "昆市监罚〔2026〕01087号",
        "警告；罚款",
        "0.3 万元",
        "2027年9月18日",
        "令第36号",
        "《中华人民共和国行政处罚法》第四十八条",
        "昆山市金石精密机械有限公司",
        "提出异议",
        f"http://testserver/fact/{_penalty(city_store)}/",
    ):
        assert shown in text
    assert "内部备注" not in text


def test_a_fact_in_english_keeps_the_source_text_and_marks_it_as_chinese(client: Client, city_store: Store) -> None:
    text = _text(client, f"/en/fact/{_penalty(city_store)}/")
    assert '<h1 lang="zh-Hans">未按规定公示商品价格</h1>' in text
    assert "warning; fine" in text
    assert "3,000 yuan" in text
    assert "18 September 2027" in text


@pytest.mark.parametrize(
    ("tie", "chinese", "english"),
    [
        ("uscc", "按统一社会信用代码关联", "by its unified social credit code"),
        ("tax_number", "按税务登记号关联", "by its tax number"),
        ("decision", "经人工核实关联", "found by an officer"),
    ],
)
def test_a_fact_says_why_it_is_this_bodys_and_since_when(
    client: Client, city_store: Store, tie: str, chinese: str, english: str
) -> None:
    fact = city_store.fact(city_store.body("昆山市某厂"), tie=(tie, "2026-10-09"))
    text = _text(client, f"/fact/{fact}/")
    assert "归属依据" in text
    assert chinese in text
    assert "2026年10月9日" in text
    assert english in _text(client, f"/en/fact/{fact}/")


def test_a_fact_from_before_that_was_kept_says_nothing_about_its_tie(client: Client, city_store: Store) -> None:
    assert "归属依据" not in _text(client, f"/fact/{_penalty(city_store)}/")


def test_search_engines_are_told_when_a_fact_ends(client: Client, city_store: Store) -> None:
    response = client.get(f"/fact/{_penalty(city_store)}/")
    assert response["X-Robots-Tag"] == "noarchive, unavailable_after: 2027-09-18"


def test_a_fact_past_its_period_is_gone_without_its_content(client: Client, city_store: Store) -> None:
    body = city_store.body("昆山市某厂")
    ended = city_store.fact(body, shown=("2025-01-01", "2026-11-22"), document_name="秘密的标题")
    text = _text(client, f"/fact/{ended}/", 410)
    assert "该信息已不再公示" in text
    assert "秘密的标题" not in text
    assert "某厂" not in text


def test_a_fact_not_yet_shown_and_one_that_never_was_look_the_same(client: Client, city_store: Store) -> None:
    body = city_store.body("昆山市某厂")
    future = city_store.fact(body, shown=("2026-11-24", None))
    there = _text(client, f"/fact/{future}/", 404)
    assert there.replace(str(future), "") == _text(client, "/fact/999999/", 404).replace("999999", "")


def test_a_list_is_narrowed_by_organ_and_by_text(client: Client, city_store: Store) -> None:
    body = city_store.body("昆山市水务中心")
    city_store.fact(body, issuer="昆山市水务局", document="昆水许〔2026〕7号", document_name="取水许可")
    assert 'value="昆山市水务局"' in _text(client, "/licences/")
    for query in ("issuer=昆山市水务局", "q=水务中心", "q=昆水许[2026]7号"):
        text = _text(client, f"/licences/?{query}")
        assert "取水许可" in text
        assert "危险化学品" not in text
    assert "没有符合条件的信息" in _text(client, "/licences/?q=查无此名")


def test_a_list_pages_by_key_and_leads_back(client: Client, store: Store) -> None:
    body = store.body("昆山市某厂")
    facts = [store.fact(body, decided=f"2026-0{1 + number % 3}-01") for number in range(45)]
    seen: list[int] = []
    address = "/licences/"
    while address:
        text = _text(client, address)
        seen += map(int, re.findall(r'<th scope="row"><a href="/fact/(\d+)/"', text))
        more = re.search(r'rel="next" href="([^"]+)"', text)
        address = html.unescape(more[1]) if more else ""
    assert sorted(seen) == sorted(facts)
    assert "回到最近的" in text


@pytest.mark.parametrize(
    "address",
    [
        "/licences/?after=x",
        "/licences/?after=2026-13-01.1",
        "/licences/?after=2026-01-01.9999999999999999999",
        "/search/?q=昆山&after=1x",
        "/search/?q=昆山&after=99999999999999999999",
        f"/body/{CODE}/?licence=1",
    ],
)
def test_a_broken_key_is_a_bad_address_and_not_a_failure(client: Client, city_store: Store, address: str) -> None:
    assert "网址不完整或有误" in _text(client, address, 400)
    assert city_store


@pytest.mark.parametrize("asked", ["\x00昆山", "昆山\ud800", "%", "__", "\\\\", "'; --", "昆" * 5000, "\u202e昆山"])
def test_no_text_breaks_the_search(client: Client, city_store: Store, asked: str) -> None:
    response = client.get("/search/", {"q": asked.encode("utf-8", "surrogatepass")})
    assert response.status_code == 200
    assert city_store


class _Elements(HTMLParser):
    """Collects the names of a page's elements and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> javascript:alert(3)"


def test_hostile_texts_are_shown_and_do_nothing(client: Client, store: Store) -> None:
    body = store.body(
        f"昆山{HOSTILE}",
        CODE,
        status=HOSTILE,
        others=(("former", HOSTILE), ("english", HOSTILE)),
        business_scope=HOSTILE,
    )
    licence = store.fact(body, document=HOSTILE, issuer=HOSTILE, document_name=HOSTILE, content=HOSTILE)
    penalty = store.fact(
        body, "penalty", issuer=HOSTILE, violation_type=HOSTILE, penalty_kind=HOSTILE, fine_amount=HOSTILE
    )
    store.changed()
    pages = [*PAGES, f"/fact/{licence}/", f"/fact/{penalty}/", "/search/?q=昆山", "/en/", f"/en/fact/{penalty}/"]
    for address in [*pages, f"/search/?q={HOSTILE}", f"/licences/?q={HOSTILE}", f"/penalties/?issuer={HOSTILE}"]:
        text = _text(client, address)
        seen = _Elements()
        seen.feed(text)
        assert not {"script", "img", "iframe", "object", "style"} & seen.names
        assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "style"]
        assert all(
            str(value).startswith(("/", "#", "http://testserver/")) for name, value in seen.attributes if name == "href"
        )


def test_a_number_of_a_person_that_slipped_into_a_text_is_covered_everywhere(client: Client, store: Store) -> None:
    body = store.body("昆山市某厂", CODE, business_scope=f"经营者{PERSON}")
    fact = store.fact(body, "penalty", violation_type=f"违法{PERSON}", facts=f"身份证号{PERSON}，已缴清", issuer="局")
    store.changed()
    for address in [*PAGES, f"/fact/{fact}/", f"/en/fact/{fact}/"]:
        assert PERSON not in _text(client, address)
    assert "已缴清" in _text(client, f"/fact/{fact}/")


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 5),
        ("/search/?q=小吃", 2),
        ("/search/?q=91320583187588026H", 2),
        (f"/body/{CODE}/", 7),
        ("/licences/", 3),
        ("/licences/?q=金石&issuer=昆山市应急管理局", 3),
        ("/about/", 1),
        ("/healthz", 1),
        ("/robots.txt", 0),
    ],
)
def test_a_page_costs_the_same_queries_however_much_is_shown(
    client: Client, city_store: Store, address: str, queries: int
) -> None:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        client.get(address)
    assert len(seen) == queries, [one["sql"] for one in seen]
    assert city_store


def test_a_fact_page_costs_two_queries(client: Client, city_store: Store) -> None:
    address = f"/fact/{_penalty(city_store)}/"
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    assert len(seen) == 2


def test_about_lists_the_periods_of_the_rule_in_force(client: Client, city_store: Store) -> None:
    text = _text(client, "/about/")
    assert "令第36号" in text
    assert "36 个月" in text
    assert "60 个月" in text
    assert "EUPL-1.2" in text
    assert city_store


def test_a_search_that_no_name_holds_offers_guesses_as_guesses(client: Client, city_store: Store) -> None:
    text = _text(client, "/search/?q=金石精蜜机械")
    assert "没有查到“金石精蜜机械”" in text
    assert "您要找的可能是" in text
    assert f'href="/body/{CODE}/"' in text
    assert "You may be looking for" in _text(client, "/en/search/?q=金石精蜜机械")
    assert city_store


def test_certain_hits_and_persons_numbers_get_no_guesses(client: Client, city_store: Store) -> None:
    assert "您要找的可能是" not in _text(client, "/search/?q=精密")
    assert "您要找的可能是" not in _text(client, f"/search/?q={PERSON}")
    assert city_store
