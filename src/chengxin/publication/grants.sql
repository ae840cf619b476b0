GRANT SELECT ON publication.body, publication.body_name, publication.fact, publication.state, publication.monthly
    TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE, DELETE ON publication.body, publication.body_name, publication.fact, publication.state, publication.monthly TO chengxin_worker;
GRANT EXECUTE ON FUNCTION publication.in_force(date, date, date) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT EXECUTE ON FUNCTION publication.bigrams(text) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT SELECT ON publication.leads_on TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE, DELETE ON publication.leads_on TO chengxin_worker;
GRANT EXECUTE ON FUNCTION publication.name_keys(text) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT EXECUTE ON FUNCTION publication.names_with(text[], integer) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT EXECUTE ON FUNCTION publication.names_holding(text, text) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT SELECT ON publication.body_code TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE, DELETE ON publication.body_code TO chengxin_worker;
