GRANT SELECT ON accounts_organisation, accounts_officer, accounts_apiclient TO chengxin_worker, chengxin_office, chengxin_api;
-- An officer's own password may be re-hashed at log-in, and the time of log-in is kept.
GRANT UPDATE (password, last_login) ON accounts_officer TO chengxin_office;
