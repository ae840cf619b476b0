-- What every room's policies ask: who acts, for which organisation. Nothing set: nobody, for none.
CREATE OR REPLACE FUNCTION core.acting_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('chengxin.actor_kind', true), '');
CREATE OR REPLACE FUNCTION core.acting_name() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('chengxin.actor', true), '');
CREATE OR REPLACE FUNCTION core.own_organisation() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chengxin.organisation', true), '')::integer;
CREATE OR REPLACE FUNCTION core.acts_everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('chengxin.everywhere', true), '') = 'on';
-- Somebody known acts: not a request whose sender is still to be found out, and not nobody.
CREATE OR REPLACE FUNCTION core.somebody_acts() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('chengxin.actor_kind', true), '') NOT IN ('', 'arrival');
-- On whose behalf: one subject, in a read of what that subject may see of itself.
CREATE OR REPLACE FUNCTION core.acting_for_subject() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chengxin.subject', true), '')::bigint;
COMMENT ON FUNCTION core.own_organisation IS 'The organisation acted for in this transaction, NULL for none: then no row is its own.';
