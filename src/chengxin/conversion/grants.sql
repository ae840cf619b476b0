-- The mapping and the conflicts are about the register and shared like it; a request is its registrar's (policies.sql).
GRANT SELECT ON conversion_feed, conversion_pair, conversion_conflict
    TO chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE ON conversion_feed TO chengxin_worker;
GRANT INSERT, UPDATE ON conversion_pair, conversion_conflict TO chengxin_worker;
GRANT UPDATE (state, how, settled_at) ON conversion_conflict TO chengxin_office;
GRANT SELECT, UPDATE ON conversion_request TO chengxin_worker;
GRANT SELECT, INSERT ON conversion_request TO chengxin_office;
GRANT UPDATE (state, answer, subject_id, code, document, note, answered_by, answered_at) ON conversion_request
    TO chengxin_office;
