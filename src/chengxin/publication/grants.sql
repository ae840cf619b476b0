GRANT SELECT ON publication.body, publication.body_name, publication.fact, publication.state, publication.monthly
    TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT INSERT, UPDATE, DELETE ON publication.body, publication.body_name, publication.fact, publication.state, publication.monthly TO chengxin_worker;
GRANT EXECUTE ON FUNCTION publication.in_force(date, date, date) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
GRANT EXECUTE ON FUNCTION publication.bigrams(text) TO chengxin_public, chengxin_worker, chengxin_office, chengxin_api;
