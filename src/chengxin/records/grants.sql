GRANT SELECT ON records_record TO chengxin_worker, chengxin_api;
GRANT SELECT (id, key, version, kind, replaces, item, subject_id, link, identifier, organisation_id, batch_id, line,
    document_number, decided_on, valid_from, valid_until, rule, due_on, due_provisional, public, recorded_at)
    ON records_record TO chengxin_office;
-- Added, never changed: no UPDATE, no DELETE, no TRUNCATE for anybody.
GRANT INSERT ON records_record TO chengxin_worker;
GRANT SELECT, UPDATE ON SEQUENCE record_ids TO chengxin_worker;
