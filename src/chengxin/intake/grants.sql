GRANT SELECT, INSERT, UPDATE, DELETE ON intake_batch TO chengxin_worker;
GRANT SELECT, INSERT ON intake_batch TO chengxin_office, chengxin_api;
GRANT SELECT, INSERT ON intake_quarantinedrow, intake_timeliness TO chengxin_worker;
GRANT SELECT ON intake_quarantinedrow, intake_timeliness TO chengxin_office, chengxin_api;
