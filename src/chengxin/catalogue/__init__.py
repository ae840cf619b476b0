"""The catalogue (目录): what may be collected, in which fields, on which legal basis, and who may see it.

Items, code sets and mappings are dated data in YAML beside this package; this module reads them, recognises
the header of a file as one of them, and refuses with ``lint`` what the law does not let a city collect. Pure
Python, no database.

>>> load_catalogue().item("penalty").field("fine_amount").unit
'万元'
"""

from chengxin.catalogue.codes import Coded, CodeSet, CodeValue
from chengxin.catalogue.headers import HeaderMatch, HeaderNotRecognised, guess_item, recognise_header
from chengxin.catalogue.lint import LintProblem, lint
from chengxin.catalogue.loader import Catalogue, load_catalogue, load_code_set, load_item
from chengxin.catalogue.mapping import ForeignMapping, load_mapping, load_shipped_mapping, shipped_mappings
from chengxin.catalogue.model import (
    BasisKind,
    Disclosure,
    Field,
    FieldType,
    Generation,
    Item,
    ItemVersion,
    LegalBasis,
    Nature,
    OneOf,
    RequiredIf,
    Retention,
    Roles,
    SubjectKind,
)
from chengxin.catalogue.reading import CatalogueError
from chengxin.catalogue.show import Difference, diff, render_diff, render_show

__all__ = [
    "BasisKind",
    "Catalogue",
    "CatalogueError",
    "CodeSet",
    "CodeValue",
    "Coded",
    "Difference",
    "Disclosure",
    "Field",
    "FieldType",
    "ForeignMapping",
    "Generation",
    "HeaderMatch",
    "HeaderNotRecognised",
    "Item",
    "ItemVersion",
    "LegalBasis",
    "LintProblem",
    "Nature",
    "OneOf",
    "RequiredIf",
    "Retention",
    "Roles",
    "SubjectKind",
    "diff",
    "guess_item",
    "lint",
    "load_catalogue",
    "load_code_set",
    "load_item",
    "load_mapping",
    "load_shipped_mapping",
    "recognise_header",
    "render_diff",
    "render_show",
    "shipped_mappings",
]
