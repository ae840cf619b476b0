GRANT SELECT ON records_record TO chengxin_worker, chengxin_api;
GRANT SELECT (id, key, version, kind, replaces, item, subject_id, link, identifier, organisation_id, batch_id, line,
    document_number, decided_on, valid_from, valid_until, rule, due_on, due_provisional, public, recorded_at)
    ON records_record TO chengxin_office;
-- Added, never changed: no UPDATE, no DELETE, no TRUNCATE for anybody.
GRANT INSERT ON records_record TO chengxin_worker;
GRANT SELECT, UPDATE ON SEQUENCE record_ids TO chengxin_worker;
-- Assisted linking: the worker proposes and carries out, officers decide. No process can do both.
GRANT SELECT, INSERT, UPDATE ON records_linkproposal TO chengxin_worker;
GRANT SELECT ON records_linkdecision TO chengxin_worker;
GRANT SELECT, INSERT ON records_linkeffect TO chengxin_worker;
GRANT SELECT ON records_linkproposal, records_linkdecision, records_linkeffect TO chengxin_office;
GRANT UPDATE (state, outcome, note, refused, revision, changed_at) ON records_linkproposal TO chengxin_office;
GRANT INSERT ON records_linkdecision TO chengxin_office;
-- Merged and split bodies: which change made a version. Added, never changed.
GRANT SELECT, INSERT ON records_move TO chengxin_worker;
GRANT SELECT ON records_move TO chengxin_office, chengxin_api;
-- The keeper of the evidence, in the worker's role, seals what was added; how far it is is nobody's secret.
GRANT SELECT, INSERT ON records_sealpiece TO chengxin_worker;
GRANT SELECT, INSERT, UPDATE ON records_sealing TO chengxin_worker;
