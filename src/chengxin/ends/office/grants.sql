GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO chengxin_office;
GRANT SELECT, INSERT, DELETE ON end_office_loginattempt TO chengxin_office;
