GRANT INSERT ON audit_event, audit_personal TO chengxin_worker, chengxin_office, chengxin_api;
-- RETURNING id is part of an insert, and reads the identity column only.
GRANT SELECT (id) ON audit_event TO chengxin_office, chengxin_api;
-- Who looked at a subject, as the subject may see it: neither the officer nor what was found.
GRANT SELECT (at, actor_kind, organisation, action, purpose, legal_basis, channel, subject_id) ON audit_event
    TO chengxin_office;
-- Whether evidence is kept at all is asked with every event.
GRANT SELECT (covered_at) ON audit_tree TO chengxin_worker, chengxin_office, chengxin_api;
-- The worker's role builds the tree: it reads events, and adds leaves, nodes and checkpoints.
GRANT SELECT ON audit_event TO chengxin_worker;
GRANT SELECT, INSERT ON audit_leaf, audit_node, audit_checkpoint, audit_witnessing TO chengxin_worker;
GRANT SELECT, INSERT, UPDATE ON audit_tree TO chengxin_worker;
