GRANT SELECT ON subjects_subject, subjects_identifier, subjects_name, subjects_registration, subjects_relation,
    subjects_change, subjects_movedrow, subjects_refusedcode TO chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE ON subjects_subject TO chengxin_worker;
-- A body called something else from now on: the current name becomes a former one. A merge takes codes and names along.
GRANT INSERT, UPDATE, DELETE ON subjects_name, subjects_identifier, subjects_relation, subjects_refusedcode
    TO chengxin_worker;
-- Added, never changed: how bodies stood, and what moved.
GRANT INSERT ON subjects_registration, subjects_movedrow TO chengxin_worker;
GRANT INSERT, UPDATE ON subjects_change TO chengxin_worker;
-- The office asks for changes and decides on relations; the worker carries changes out.
GRANT INSERT ON subjects_change, subjects_relation TO chengxin_office;
GRANT UPDATE (approval_id) ON subjects_change TO chengxin_office;
GRANT UPDATE (state, manner, from_day, until_day, document, decided_by, decided_at) ON subjects_relation
    TO chengxin_office;
GRANT USAGE ON SEQUENCE subjects_change_id_seq, subjects_relation_id_seq TO chengxin_office;
