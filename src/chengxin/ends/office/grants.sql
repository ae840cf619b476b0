GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO chengxin_office;
GRANT SELECT, INSERT, DELETE ON end_office_loginattempt TO chengxin_office;
-- A session's content is written anew, a device is seen again; who they belong to stays as it is.
GRANT SELECT, INSERT, UPDATE, DELETE ON office_session TO chengxin_office;
GRANT SELECT, INSERT, UPDATE (words, network, last_seen), DELETE ON office_device TO chengxin_office;
