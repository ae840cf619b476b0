import time, csv
from pathlib import Path
from datetime import date, datetime, UTC, timedelta
import pytest
from chengxin.testing.city import *
from chengxin.rehearsal import rehearse
from chengxin.base.city import load_city
from chengxin.intake.models import *
from chengxin.records.models import Record

@pytest.mark.parametrize("seed",[1])
def test_probe(own_database, tmp_path, django_db_blocker, seed):
    django_db_blocker.unblock()
    load_organisations()
    t=time.time()
    r = rehearse(load_city("kunshan"), seed=seed, bodies=300, out=tmp_path, today=date(2026,3,2))
    print("rehearse", time.time()-t)
    for f in r.files:
        t=time.time()
        got = import_path(f.path, f.item, organisation=f.organisation)
        e = f.expected
        exp = {k:e.outcomes[k] for k in ("accepted","updated","duplicate","quarantined")}
        g = got.as_dict()
        bad = [k for k in exp if g[k]!=exp[k]] + (["linked"] if g["linked"]!=e.linked else [])
        print(f.path.name, round(time.time()-t,2), g["lines"], exp, e.linked, "BAD %s %s"%(bad,g) if bad else "ok")
