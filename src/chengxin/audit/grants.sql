GRANT INSERT ON audit_event, audit_personal TO chengxin_worker, chengxin_office, chengxin_api;
-- RETURNING id is part of an insert, and reads the identity column only.
GRANT SELECT (id) ON audit_event TO chengxin_office, chengxin_api;
-- The office reads its officer's own events and who looked at a subject; everybody's, with their proofs, the auditor
-- alone. Which rows is for the policies; a text beside an event is read only while the transaction names it.
GRANT SELECT (at, actor_kind, actor, organisation, action, object_kind, object, detail, purpose, case_number, legal_basis,
    channel, subject_id, personal_digest, salt, xid) ON audit_event TO chengxin_office;
GRANT SELECT (event_id, content) ON audit_personal TO chengxin_office;
-- Hashes, signed roots and who witnessed them: what a proof is made of, and nobody's secret.
GRANT SELECT ON audit_leaf, audit_node, audit_checkpoint, audit_witnessing, audit_tree TO chengxin_office;
-- Whether evidence is kept at all is asked with every event.
GRANT SELECT (covered_at) ON audit_tree TO chengxin_worker, chengxin_office, chengxin_api;
-- The worker's role builds the tree: it reads events, and adds leaves, nodes and checkpoints.
GRANT SELECT ON audit_event TO chengxin_worker;
GRANT SELECT, INSERT ON audit_leaf, audit_node, audit_checkpoint, audit_witnessing TO chengxin_worker;
GRANT SELECT, INSERT, UPDATE ON audit_tree TO chengxin_worker;
