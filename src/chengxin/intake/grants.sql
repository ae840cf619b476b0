GRANT SELECT, INSERT, UPDATE, DELETE ON intake_batch TO chengxin_worker;
GRANT SELECT, INSERT ON intake_batch TO chengxin_office, chengxin_api;
GRANT SELECT, INSERT ON intake_quarantinedrow, intake_timeliness TO chengxin_worker;
GRANT SELECT ON intake_quarantinedrow, intake_timeliness TO chengxin_office, chengxin_api;
-- Officers decide about held batches, the worker carries it out (and the operator releases at the command line).
GRANT SELECT, INSERT ON intake_holddecision TO chengxin_office, chengxin_worker;
GRANT SELECT ON intake_holddecision TO chengxin_api;
