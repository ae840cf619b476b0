GRANT INSERT ON audit_event TO chengxin_worker, chengxin_office, chengxin_api;
-- RETURNING id is part of an insert, and reads the identity column only.
GRANT SELECT (id) ON audit_event TO chengxin_worker, chengxin_office, chengxin_api;
