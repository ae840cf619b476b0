"""The shipped items have the columns of the standard lists: their names, their codes, their required marks.

The lists are written down a second time here, apart from the items, so that a slip in either shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chengxin.catalogue import Catalogue

LICENCE_G1 = """
subject_name 行政相对人名称 XK_XDR
uscc 代码_1 _SHXYM
organisation_code 代码_2 _ZDM
registration_number 代码_3 _GSDJ
tax_number 代码_4 _SWDJ
person_id_number 代码_5 _SFZ
legal_representative 法定代表人姓名 XK_FR
document_number 行政许可决定书文号 XK_WSH
project_name 项目名称 XK_XMMC
licence_category 审批类别 XK_SPLB
content 许可内容 XK_NR
decided_on 许可决定日期 XK_JDRQ
valid_until 许可截止期 XK_JZQ
issuer_name 许可机关 XK_XZJG
status 当前状态 XK_ZT
region_code 地方编码 DFBM
updated_at 数据更新时间戳 SJC
remarks 备注 BZ
"""

PENALTY_G1 = """
subject_name 行政相对人名称 CF_XDR
uscc 代码_1 _SHXYM
organisation_code 代码_2 _ZDM
registration_number 代码_3 _GSDJ
tax_number 代码_4 _SWDJ
person_id_number 代码_5 _SFZ
legal_representative 法定代表人姓名 CF_FR
document_number 行政处罚决定书文号 CF_WSH
penalty_name 处罚名称 CF_CFMC
penalty_kind 处罚类别1 CF_CFLB1
penalty_kind_2 处罚类别2 CF_CFLB2
facts 处罚事由 CF_SY
legal_ground 处罚依据 CF_YJ
penalty_content 处罚结果 CF_JG
decided_on 处罚决定日期 CF_JDRQ
valid_until 处罚截止期 CF_JZQ
issuer_name 处罚机关 CF_XZJG
status 当前状态 CF_ZT
region_code 地方编码 DFBM
updated_at 数据更新时间戳 SJC
remarks 备注 BZ
"""

LICENCE_G2 = """
subject_name 行政相对人名称 XK_XDR_MC
subject_category 行政相对人类别 XK_XDR_LB
uscc 统一社会信用代码 XK_XDR_SHXYM
registration_number 工商注册号 XK_XDR_GSZC
organisation_code 组织机构代码 XK_XDR_ZZJG
tax_number 税务登记号 XK_XDR_SWDJ
institution_certificate_number 事业单位证书号 XK_XDR_SYDW
social_organisation_certificate_number 社会组织登记证号 XK_XDR_SHZZ
legal_representative 法定代表人 XK_FRDB
legal_representative_id_number 法定代表人身份证号 XK_FR_SFZH
person_id_type 证件类型 XK_XDR_ZJLX
person_id_number 证件号码 XK_XDR_ZJHM
document_name 行政许可决定文书名称 XK_XKWS
document_number 行政许可决定文书号 XK_WSH
licence_category 许可类别 XK_XKLB
certificate_name 许可证书名称 XK_XKZS
licence_number 许可编号 XK_XKBH
content 许可内容 XK_NR
decided_on 许可决定日期 XK_JDRQ
valid_from 有效期自 XK_YXQZ
valid_until 有效期至 XK_YXQZI
issuer_name 许可机关 XK_XKJG
issuer_code 许可机关统一社会信用代码 XK_XKJGDM
status 当前状态 XK_ZT
source_name 数据来源单位 XK_LYDW
source_code 数据来源单位统一社会信用代码 XK_LYDWDM
remarks 备注 BZ
"""

LICENCE_G3 = LICENCE_G2.replace(
    "legal_representative_id_number 法定代表人身份证号 XK_FR_SFZH",
    "legal_representative_id_type 法定代表人证件类型 XK_FR_ZJLX\n"
    "legal_representative_id_number 法定代表人证件号码 XK_FR_ZJHM",
)

PENALTY_G2 = """
subject_name 行政相对人名称 CF_XDR_MC
subject_category 行政相对人类别 CF_XDR_LB
uscc 统一社会信用代码 CF_XDR_SHXYM
registration_number 工商注册号 CF_XDR_GSZC
organisation_code 组织机构代码 CF_XDR_ZZJG
tax_number 税务登记号 CF_XDR_SWDJ
institution_certificate_number 事业单位证书号 CF_XDR_SYDW
social_organisation_certificate_number 社会组织登记证号 CF_XDR_SHZZ
legal_representative 法定代表人 CF_FRDB
legal_representative_id_number 法定代表人身份证号 CF_FR_SFZH
person_id_type 证件类型 CF_XDR_ZJLX
person_id_number 证件号码 CF_XDR_ZJHM
document_number 行政处罚决定书文号 CF_WSH
violation_type 违法行为类型 CF_WFXW
facts 违法事实 CF_SY
legal_ground 处罚依据 CF_YJ
penalty_kind 处罚类别 CF_CFLB
penalty_content 处罚内容 CF_NR
fine_amount 罚款金额（万元） CF_NR_FK
confiscated_amount 没收违法所得、没收非法财物的金额（万元） CF_NR_WFFF
revoked_certificate 暂扣或吊销证照名称及编号 CF_NR_ZKDX
decided_on 处罚决定日期 CF_JDRQ
valid_until 处罚有效期 CF_YXQ
public_until 公示截止期 CF_GSJZQ
issuer_name 处罚机关 CF_CFJG
issuer_code 处罚机关统一社会信用代码 CF_CFJGDM
source_name 数据来源单位 CF_SJLY
source_code 数据来源单位统一社会信用代码 CF_SJLYDM
remarks 备注 BZ
"""

PENALTY_G3 = PENALTY_G2.replace(
    "legal_representative_id_number 法定代表人身份证号",
    "legal_representative_id_type 法定代表人证件类型 CF_FR_ZJLX\nlegal_representative_id_number 法定代表人证件号码",
)

REGISTRATION_R1 = """
subject_name 企业名称
former_name 曾用名
english_name 英文名称
subject_category 主体类别
uscc 统一社会信用代码
former_uscc 原统一社会信用代码
registration_number 注册号
organisation_code 组织机构代码
tax_number 税务登记号
legal_representative 法定代表人
body_type 企业类型
registered_capital 注册资本
established_on 成立日期
valid_from 营业期限自
valid_until 营业期限至
decided_on 核准日期
registrar_name 登记机关
registrar_code 登记机关代码
address 住所
industry 行业代码
business_scope 经营范围
status 登记状态
remarks 备注
"""

LISTS = {
    ("licence", "G1"): LICENCE_G1,
    ("licence", "G2"): LICENCE_G2,
    ("licence", "G3"): LICENCE_G3,
    ("penalty", "G1"): PENALTY_G1,
    ("penalty", "G2"): PENALTY_G2,
    ("penalty", "G3"): PENALTY_G3,
    ("registration", "R1"): REGISTRATION_R1,
}

REQUIRED = {
    ("licence", "G1"): "subject_name document_number project_name content decided_on issuer_name",
    ("licence", "G2"): (
        "subject_name document_name document_number licence_category content decided_on valid_from "
        "valid_until issuer_name issuer_code status source_name source_code"
    ),
    ("licence", "G3"): (
        "subject_name subject_category document_name document_number licence_category content decided_on "
        "valid_from valid_until issuer_name issuer_code status source_name source_code"
    ),
    ("penalty", "G1"): (
        "subject_name document_number penalty_name facts legal_ground penalty_kind penalty_content "
        "decided_on issuer_name"
    ),
    ("penalty", "G2"): (
        "subject_name document_number violation_type facts legal_ground penalty_kind penalty_content "
        "decided_on valid_until issuer_name issuer_code source_name source_code"
    ),
    ("penalty", "G3"): (
        "subject_name subject_category document_number violation_type facts legal_ground penalty_kind "
        "penalty_content decided_on valid_until issuer_name issuer_code source_name source_code"
    ),
    ("registration", "R1"): "subject_name status",
}


@pytest.mark.parametrize(("item", "generation"), LISTS)
def test_every_name_and_code_of_the_list_means_its_field(catalogue: Catalogue, item: str, generation: str) -> None:
    for line in LISTS[item, generation].split("\n"):
        key, *names = line.split() or [""]
        for name in names:
            aliases = catalogue.item(item).field(key).names_in(generation)
            bare = name.removesuffix("（万元）")
            assert bare in aliases, f"{item} {generation}: {name} does not mean {key}"


@pytest.mark.parametrize(("item", "generation"), LISTS)
def test_the_item_has_no_field_the_list_lacks(catalogue: Catalogue, item: str, generation: str) -> None:
    listed = {line.split()[0] for line in LISTS[item, generation].strip().split("\n")}
    # Two columns that no list of these years names, and that files of them carry all the same.
    tolerated = {"status", "public_until"} if item == "penalty" else set()
    have = {field.key for field in catalogue.item(item).fields_in(generation)}
    assert have - tolerated == listed - tolerated


@pytest.mark.parametrize(("item", "generation"), REQUIRED)
def test_required_marks_are_those_of_the_list(catalogue: Catalogue, item: str, generation: str) -> None:
    required = [field.key for field in catalogue.item(item).required_in(generation)]
    assert sorted(required) == sorted(REQUIRED[item, generation].split())
