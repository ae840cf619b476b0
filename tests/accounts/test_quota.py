"""The usual quota of a grant is data, read strictly."""

from __future__ import annotations

import pytest

from chengxin.accounts.quota import Quota, read_quota, usual_quota
from chengxin.base.errors import ChengxinError


def test_the_usual_quota_is_positive_and_a_day_is_more_than_a_minute() -> None:
    assert 0 < usual_quota().per_minute < usual_quota().per_day
    assert read_quota("per_minute: 1\nper_day: 2") == Quota(1, 2)


@pytest.mark.parametrize("bad", ["0", "-1", "many", "1.5", "true", ""])
@pytest.mark.parametrize("name", ["per_minute", "per_day"])
def test_a_figure_that_is_none_is_refused_by_its_name(name: str, bad: str) -> None:
    figures = {"per_minute": "1", "per_day": "2", name: bad}
    with pytest.raises(ChengxinError) as refused:
        read_quota("\n".join(f"{key}: {value}" for key, value in figures.items()))
    assert (refused.value.code, refused.value.where) == ("quota_file_wrong", name)
