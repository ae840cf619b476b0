GRANT SELECT ON subjects_subject, subjects_identifier, subjects_name TO chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE ON subjects_subject TO chengxin_worker;
-- A body called something else from now on: the current name becomes a former one.
GRANT INSERT, UPDATE, DELETE ON subjects_name TO chengxin_worker;
GRANT INSERT ON subjects_identifier TO chengxin_worker;
