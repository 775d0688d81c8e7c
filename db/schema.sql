-- What all migrations add up to, printed from the catalogue of a migrated database.
-- A test holds it against one; `weft migrate --print-schema` writes it anew.



-- Schema auth

create schema auth;
grant usage on schema auth to weft_app;
grant usage on schema auth to weft_engine;

CREATE OR REPLACE FUNCTION auth.close_session(hash bytea)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ delete from auth.session s where s.token_hash = hash $function$;
grant execute on function auth.close_session(bytea) to weft_app;

CREATE OR REPLACE FUNCTION auth.count_failed_sign_in(user_id uuid)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
        update auth.account a set access_failed_count = a.access_failed_count + 1, updated_at = now()
        where a.provider_id = 'password' and a.account_id = count_failed_sign_in.user_id::text
        returning a.access_failed_count
    $function$;
grant execute on function auth.count_failed_sign_in(uuid) to weft_app;

CREATE OR REPLACE FUNCTION auth.create_api_key(key uuid, user_id uuid, name text, prefix text, hash bytea, expires_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    begin
        if not (weft.caller_is_operator() or create_api_key.user_id = weft.caller_user_id()) then
            raise exception 'only an operator may make keys for others' using errcode = 'insufficient_privilege';
        end if;
        insert into auth.api_key (id, user_id, workspace_id, name, prefix, key_hash, expires_at)
            select key, u.id, u.workspace_id, create_api_key.name, create_api_key.prefix, hash, create_api_key.expires_at
            from auth."user" u where u.id = create_api_key.user_id;
        return found;
    end $function$;
grant execute on function auth.create_api_key(uuid,uuid,text,text,bytea,timestamp with time zone) to weft_app;

CREATE OR REPLACE FUNCTION auth.end_sessions(user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    begin
        if not (weft.caller_is_operator() or end_sessions.user_id = weft.caller_user_id()) then
            raise exception 'only an operator may end the sessions of others' using errcode = 'insufficient_privilege';
        end if;
        delete from auth.session s where s.user_id = end_sessions.user_id;
        delete from auth.api_key k where k.user_id = end_sessions.user_id;
    end $function$;
grant execute on function auth.end_sessions(uuid) to weft_app;

CREATE OR REPLACE FUNCTION auth.find_api_key(hash bytea)
 RETURNS TABLE(session_id uuid, id uuid, email text, name text, role text, is_operator boolean, email_verified boolean, workspace_id uuid)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    begin
        update auth.api_key k set last_used_at = now()
        where k.key_hash = hash and (k.expires_at is null or k.expires_at > now())
          and (k.last_used_at is null or k.last_used_at < now() - interval '10 minutes');
        return query
            select null::uuid, u.id, u.email, u.name, u.role, u.is_operator, u.email_verified, k.workspace_id
            from auth.api_key k
            join auth."user" u on u.id = k.user_id
            join auth.workspace_member m on m.user_id = k.user_id and m.workspace_id = k.workspace_id
            where k.key_hash = hash and (k.expires_at is null or k.expires_at > now());
    end $function$;
grant execute on function auth.find_api_key(bytea) to weft_app;

CREATE OR REPLACE FUNCTION auth.find_credentials(by_email text, by_id uuid)
 RETURNS TABLE(id uuid, email text, name text, role text, is_operator boolean, email_verified boolean, workspace_id uuid, password_hash text, security_stamp text, access_failed_count integer, lockout_end timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
        select u.id, u.email, u.name, u.role, u.is_operator, u.email_verified, u.workspace_id,
               a.password_hash, a.security_stamp, coalesce(a.access_failed_count, 0), a.lockout_end
        from auth."user" u
        left join auth.account a on a.provider_id = 'password' and a.account_id = u.id::text
        where case when by_id is not null then u.id = by_id else lower(u.email) = lower(by_email) end
    $function$;
grant execute on function auth.find_credentials(text,uuid) to weft_app;

CREATE OR REPLACE FUNCTION auth.find_session(hash bytea, lifetime interval)
 RETURNS TABLE(session_id uuid, id uuid, email text, name text, role text, is_operator boolean, email_verified boolean, workspace_id uuid)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    begin
        update auth.session s set last_used_at = now(), expires_at = now() + lifetime
        where s.token_hash = hash and s.expires_at > now() and s.last_used_at < now() - interval '10 minutes';
        return query
            select s.id, u.id, u.email, u.name, u.role, u.is_operator, u.email_verified, u.workspace_id
            from auth.session s join auth."user" u on u.id = s.user_id
            where s.token_hash = hash and s.expires_at > now();
    end $function$;
grant execute on function auth.find_session(bytea,interval) to weft_app;

CREATE OR REPLACE FUNCTION auth.grant_operator(user_id uuid, operator boolean)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    begin
        if not weft.caller_is_operator() then
            raise exception 'only an operator may grant' using errcode = 'insufficient_privilege';
        end if;
        update auth."user" u set is_operator = operator, updated_at = now() where u.id = grant_operator.user_id;
        return found;
    end $function$;
grant execute on function auth.grant_operator(uuid,boolean) to weft_app;

CREATE OR REPLACE FUNCTION auth.open_session(session uuid, user_id uuid, token_hash bytea, ip_address inet, user_agent text, expires_at timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
        insert into auth.session (id, user_id, token_hash, ip_address, user_agent, expires_at)
        values (session, open_session.user_id, open_session.token_hash, open_session.ip_address, open_session.user_agent, open_session.expires_at)
    $function$;
grant execute on function auth.open_session(uuid,uuid,bytea,inet,text,timestamp with time zone) to weft_app;

CREATE OR REPLACE FUNCTION auth.save_credentials(user_id uuid, new_password_hash text, new_security_stamp text, reset_count boolean, locked_until timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
        update auth.account a
        set password_hash = coalesce(new_password_hash, a.password_hash),
            security_stamp = coalesce(new_security_stamp, a.security_stamp),
            access_failed_count = case when reset_count then 0 else a.access_failed_count end,
            lockout_end = case when reset_count then locked_until else greatest(a.lockout_end, locked_until) end,
            updated_at = now()
        where a.provider_id = 'password' and a.account_id = save_credentials.user_id::text
    $function$;
grant execute on function auth.save_credentials(uuid,text,text,boolean,timestamp with time zone) to weft_app;

CREATE OR REPLACE FUNCTION auth.sign_up(user_id uuid, workspace uuid, account uuid, email text, name text, role text, password_hash text, security_stamp text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    declare
        operator boolean := false;
    begin
        -- Two first sign-ups at once would both find no one; only while there is no one is it worth to wait for each other.
        if lower(sign_up.email) not like '%@demo.example' and not exists (select from auth."user" u where lower(u.email) not like '%@demo.example') then
            perform pg_advisory_xact_lock(hashtext('auth.first_account'));
            operator := not exists (select from auth."user" u where lower(u.email) not like '%@demo.example');
        end if;
        insert into auth.workspace (id, name) values (workspace, sign_up.name);
        insert into auth."user" (id, email, name, role, is_operator, workspace_id)
            values (user_id, sign_up.email, sign_up.name, sign_up.role, operator, workspace);
        insert into auth.workspace_member (workspace_id, user_id, role) values (workspace, sign_up.user_id, 'owner');
        insert into auth.account (id, user_id, provider_id, account_id, password_hash, security_stamp)
            values (account, sign_up.user_id, 'password', sign_up.user_id::text, sign_up.password_hash, sign_up.security_stamp);
        return operator;
    end $function$;
grant execute on function auth.sign_up(uuid,uuid,uuid,text,text,text,text,text) to weft_app;

create table auth.account (
  id uuid not null,
  user_id uuid not null,
  provider_id text not null,
  account_id text not null,
  password_hash text,
  security_stamp text,
  access_failed_count integer not null default 0,
  lockout_end timestamp with time zone,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamp with time zone,
  refresh_token_expires_at timestamp with time zone,
  scope text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint account_pkey PRIMARY KEY (id),
  constraint account_provider_id_account_id_key UNIQUE (provider_id, account_id),
  constraint account_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint account_check CHECK (((provider_id <> 'password'::text) OR (password_hash IS NOT NULL)))
);
CREATE INDEX account_user_idx ON auth.account USING btree (user_id);
alter table auth.account enable row level security;
alter table auth.account force row level security;
create policy owner_all on auth.account to weft_admin
  using (true)
  with check (true);

create table auth.api_key (
  id uuid not null,
  user_id uuid not null,
  workspace_id uuid not null,
  name text not null,
  prefix text not null,
  key_hash bytea not null,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone,
  expires_at timestamp with time zone,
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_key_hash_key UNIQUE (key_hash),
  constraint api_key_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint api_key_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id) ON DELETE CASCADE,
  constraint api_key_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint api_key_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);
CREATE INDEX api_key_user_idx ON auth.api_key USING btree (user_id);
alter table auth.api_key enable row level security;
alter table auth.api_key force row level security;
create policy add_own_keys on auth.api_key for insert to weft_app
  with check (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) AND weft.caller_is_member(workspace_id));
create policy end_own_keys on auth.api_key for delete to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy own_keys on auth.api_key for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy owner_all on auth.api_key to weft_admin
  using (true)
  with check (true);
grant select (id, user_id, workspace_id, name, prefix, created_at, last_used_at, expires_at) on auth.api_key to weft_app;
grant delete, insert on auth.api_key to weft_app;

create table auth.session (
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  ip_address inet,
  user_agent text,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint session_pkey PRIMARY KEY (id),
  constraint session_token_hash_key UNIQUE (token_hash),
  constraint session_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint session_token_hash_check CHECK ((length(token_hash) = 32))
);
CREATE INDEX session_expires_idx ON auth.session USING btree (expires_at);
CREATE INDEX session_user_idx ON auth.session USING btree (user_id);
alter table auth.session enable row level security;
alter table auth.session force row level security;
create policy end_own_sessions on auth.session for delete to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy own_sessions on auth.session for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy owner_all on auth.session to weft_admin
  using (true)
  with check (true);
grant select (id, user_id, ip_address, user_agent, created_at, last_used_at, expires_at) on auth.session to weft_app;
grant delete on auth.session to weft_app;

create table auth."user" (
  id uuid not null,
  email text not null,
  email_verified boolean not null default false,
  name text not null,
  image text,
  role text not null,
  is_operator boolean not null default false,
  workspace_id uuid not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  headline text,
  location text,
  skills text[] not null default '{}'::text[],
  availability tstzmultirange not null default '{}'::tstzmultirange,
  profile_text text,
  suggested_titles text[] not null default '{}'::text[],
  "references" jsonb not null default '[]'::jsonb,
  source_files uuid[] not null default '{}'::uuid[],
  preferences jsonb not null default '{}'::jsonb,
  last_used_at timestamp with time zone,
  skill_keys text[] not null default '{}'::text[],
  constraint user_pkey PRIMARY KEY (id),
  constraint user_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id),
  constraint user_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254))),
  constraint user_id_check CHECK ((id <> '00000000-0000-0000-0000-000000000000'::uuid)),
  constraint user_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint user_preferences_check CHECK ((jsonb_typeof(preferences) = 'object'::text)),
  constraint user_references_check CHECK ((jsonb_typeof("references") = 'array'::text)),
  constraint user_role_check CHECK ((role = ANY (ARRAY['job_seeker'::text, 'recruiter'::text])))
);
CREATE INDEX user_availability_idx ON auth."user" USING gist (availability);
CREATE INDEX user_by_skill ON auth."user" USING gin (skill_keys);
CREATE UNIQUE INDEX user_email_key ON auth."user" USING btree (lower(email));
CREATE INDEX user_skills_idx ON auth."user" USING gin (skills);
CREATE INDEX user_workspace_idx ON auth."user" USING btree (workspace_id);
CREATE TRIGGER weft_row_changed AFTER INSERT OR DELETE OR UPDATE ON auth."user" FOR EACH ROW EXECUTE FUNCTION weft.row_changed();
alter table auth."user" enable row level security;
alter table auth."user" force row level security;
create policy engine_fills_profile on auth."user" for update to weft_engine
  using (true)
  with check (true);
create policy engine_reads on auth."user" for select to weft_engine
  using (true);
create policy owner_all on auth."user" to weft_admin
  using (true)
  with check (true);
create policy self_and_operator_read on auth."user" for select to weft_app
  using (id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR ( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy self_changes on auth."user" for update to weft_app
  using (id = (( SELECT weft.caller_user_id() AS caller_user_id)))
  with check (id = (( SELECT weft.caller_user_id() AS caller_user_id)));
grant update (name, image, updated_at, headline, location, skills, availability, profile_text, suggested_titles, "references", source_files, preferences, last_used_at, skill_keys) on auth."user" to weft_app;
grant update (updated_at, headline, location, skills, availability, profile_text, suggested_titles, "references", source_files, preferences, skill_keys) on auth."user" to weft_engine;
grant select on auth."user" to weft_app;
grant select on auth."user" to weft_engine;

create table auth.verification (
  id uuid not null,
  identifier text not null,
  value_hash bytea not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  constraint verification_pkey PRIMARY KEY (id),
  constraint verification_value_hash_key UNIQUE (value_hash),
  constraint verification_value_hash_check CHECK ((length(value_hash) = 32))
);
CREATE INDEX verification_identifier_idx ON auth.verification USING btree (identifier);
alter table auth.verification enable row level security;
alter table auth.verification force row level security;
create policy owner_all on auth.verification to weft_admin
  using (true)
  with check (true);

create table auth.workspace (
  id uuid not null,
  name text not null,
  kind text not null default 'personal'::text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint workspace_pkey PRIMARY KEY (id),
  constraint workspace_kind_check CHECK ((kind = ANY (ARRAY['personal'::text, 'team'::text]))),
  constraint workspace_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
alter table auth.workspace enable row level security;
alter table auth.workspace force row level security;
create policy engine_reads on auth.workspace for select to weft_engine
  using (true);
create policy members_read on auth.workspace for select to weft_app
  using (weft.caller_is_member(id) OR ( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy members_rename on auth.workspace for update to weft_app
  using (weft.caller_is_member(id))
  with check (weft.caller_is_member(id));
create policy owner_all on auth.workspace to weft_admin
  using (true)
  with check (true);
grant update (name, updated_at) on auth.workspace to weft_app;
grant select on auth.workspace to weft_app;
grant select on auth.workspace to weft_engine;

create table auth.workspace_member (
  workspace_id uuid not null,
  user_id uuid not null,
  role text not null default 'member'::text,
  created_at timestamp with time zone not null default now(),
  constraint workspace_member_pkey PRIMARY KEY (user_id, workspace_id),
  constraint workspace_member_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint workspace_member_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id) ON DELETE CASCADE,
  constraint workspace_member_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'member'::text])))
);
CREATE INDEX workspace_member_workspace_idx ON auth.workspace_member USING btree (workspace_id);
alter table auth.workspace_member enable row level security;
alter table auth.workspace_member force row level security;
create policy engine_reads on auth.workspace_member for select to weft_engine
  using (true);
create policy own_memberships on auth.workspace_member for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR weft.caller_is_member(workspace_id) OR ( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy owner_all on auth.workspace_member to weft_admin
  using (true)
  with check (true);
grant select on auth.workspace_member to weft_app;
grant select on auth.workspace_member to weft_engine;


-- Schema hiring

create schema hiring;
grant usage on schema hiring to weft_app;
grant usage on schema hiring to weft_engine;
grant usage on schema hiring to weft_flow;

CREATE OR REPLACE FUNCTION hiring.application_moves()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
    if new.status is not distinct from old.status or weft.caller_user_id() is null then return new; end if;
    if old.status = 'withdrawn' then
        raise exception using errcode = 'WH002', message = 'a withdrawn application stays withdrawn';
    end if;
    if new.status = 'withdrawn' and old.user_id <> weft.caller_user_id() then
        raise exception using errcode = 'WH002', message = 'only the person who applied may withdraw an application';
    end if;
    if new.status <> 'withdrawn' and not weft.caller_is_member(old.workspace_id) then
        raise exception using errcode = 'WH002', message = 'only the hiring workspace may set this status';
    end if;
    return new;
end $function$;
-- hiring.application_moves(): for its owner alone

CREATE OR REPLACE FUNCTION hiring.application_of_position()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare target record;
begin
    select workspace_id, status into target from hiring.position where id = new.position_id for share;
    if target.status is distinct from 'open' then
        raise exception using errcode = 'WH001', message = 'the position is not open for applications';
    end if;
    new.workspace_id := target.workspace_id;
    return new;
end $function$;
-- hiring.application_of_position(): for its owner alone

CREATE OR REPLACE FUNCTION hiring.match_follows_application()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
    update hiring.match
       set status = case when new.status = 'withdrawn' then 'withdrawn' else 'applied' end
     where position_id = new.position_id and user_id = new.user_id;
    return null;
end $function$;
-- hiring.match_follows_application(): for its owner alone

CREATE OR REPLACE FUNCTION hiring.people_of_position(target uuid, only_user uuid)
 RETURNS TABLE(user_id uuid, name text, email text, headline text, location text, skills text[], availability tstzmultirange)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select u.id, u.name::text,
           case when a.id is not null or coalesce((u.preferences ->> 'share_contact')::boolean, false) then u.email::text end,
           u.headline, u.location, u.skills, u.availability
      from hiring.position p
      join (select m.user_id from hiring.match m where m.position_id = target and (only_user is null or m.user_id = only_user)
            union select b.user_id from hiring.application b where b.position_id = target and (only_user is null or b.user_id = only_user)) person on true
      join auth."user" u on u.id = person.user_id
      left join hiring.application a on a.position_id = target and a.user_id = u.id
     where p.id = target and weft.caller_is_member(p.workspace_id)
$function$;
grant execute on function hiring.people_of_position(uuid,uuid) to weft_app;

CREATE OR REPLACE FUNCTION hiring.remove_demo()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    declare
        people uuid[];
        workspaces uuid[];
        addresses text[];
        runs uuid[];
        flows uuid[];
    begin
        if not weft.caller_is_operator() then
            raise exception 'only an operator may remove the demonstration' using errcode = 'insufficient_privilege';
        end if;
        select coalesce(array_agg(id), '{}'), coalesce(array_agg(workspace_id), '{}'), coalesce(array_agg(lower(email)), '{}')
          into people, workspaces, addresses
          from auth."user" where lower(email) like '%@demo.example';
        select coalesce(array_agg(id), '{}') into runs
          from weft.run
         where user_id = any (people) or workspace_id = any (workspaces)
            or trigger_data #>> '{new,workspace_id}' = any (workspaces::text[])
            or trigger_data #>> '{new,user_id}' = any (people::text[])
            or trigger_data #>> '{new,id}' = any (people::text[]);
        select coalesce(array_agg(id), '{}') into flows from weft.flow where workspace_id = any (workspaces);

        delete from weft.queue where run_id = any (runs);
        delete from weft.timer where run_id = any (runs);
        delete from weft.wait where run_id = any (runs);
        delete from weft.cancel_request where run_id = any (runs);
        delete from weft.idempotency where run_id = any (runs);
        delete from weft.run_state where run_id = any (runs);
        delete from weft.log where run_id = any (runs);
        delete from weft.step where run_id = any (runs);
        delete from weft.run_event where run_id = any (runs);
        delete from weft.run_end where run_id = any (runs);
        delete from weft.run where id = any (runs);
        delete from weft.mail where run_id = any (runs) or user_id = any (people) or lower(recipient) = any (addresses);
        delete from weft.flow where id = any (flows);

        delete from auth.verification where lower(identifier) = any (addresses) or identifier = any (people::text[]);
        -- Companies, positions, matches, applications, files and readings go with whose they are.
        delete from hiring.position where workspace_id = any (workspaces);
        delete from auth."user" where id = any (people);
        delete from auth.workspace where id = any (workspaces);
        delete from weft.outbox
         where coalesce(new, old) ->> 'workspace_id' = any (workspaces::text[]) or coalesce(new, old) ->> 'user_id' = any (people::text[]);
        return cardinality(people);
    end $function$;
grant execute on function hiring.remove_demo() to weft_app;

create table hiring.application (
  id uuid not null,
  position_id uuid not null,
  user_id uuid not null,
  workspace_id uuid,
  status text not null default 'applied'::text,
  message text not null default ''::text,
  cover_letter text,
  applied_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint application_pkey PRIMARY KEY (id),
  constraint application_position_id_user_id_key UNIQUE (position_id, user_id),
  constraint application_position_id_fkey FOREIGN KEY (position_id) REFERENCES hiring."position"(id) ON DELETE CASCADE,
  constraint application_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint application_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id) ON DELETE CASCADE,
  constraint application_cover_letter_check CHECK ((length(cover_letter) <= 20000)),
  constraint application_message_check CHECK ((length(message) <= 10000)),
  constraint application_status_check CHECK ((status = ANY (ARRAY['applied'::text, 'in_review'::text, 'interviewing'::text, 'offer'::text, 'hired'::text, 'rejected'::text, 'withdrawn'::text])))
);
CREATE INDEX application_by_user ON hiring.application USING btree (user_id, id DESC);
CREATE INDEX application_by_workspace ON hiring.application USING btree (workspace_id, id DESC);
CREATE TRIGGER application_moves BEFORE UPDATE ON hiring.application FOR EACH ROW EXECUTE FUNCTION hiring.application_moves();
CREATE TRIGGER application_of_position BEFORE INSERT ON hiring.application FOR EACH ROW EXECUTE FUNCTION hiring.application_of_position();
CREATE TRIGGER match_follows_application AFTER INSERT OR UPDATE OF status ON hiring.application FOR EACH ROW EXECUTE FUNCTION hiring.match_follows_application();
CREATE TRIGGER weft_row_changed AFTER INSERT OR DELETE OR UPDATE ON hiring.application FOR EACH ROW EXECUTE FUNCTION weft.row_changed();
alter table hiring.application enable row level security;
alter table hiring.application force row level security;
create policy engine_all on hiring.application to weft_engine
  using (true)
  with check (true);
create policy owner_all on hiring.application to weft_admin
  using (true)
  with check (true);
create policy person_and_members_change on hiring.application for update to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR weft.caller_is_member(workspace_id))
  with check (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR weft.caller_is_member(workspace_id));
create policy person_and_members_read on hiring.application for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR weft.caller_is_member(workspace_id));
create policy person_applies on hiring.application for insert to weft_app
  with check (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
grant insert (id, position_id, user_id, message, cover_letter), update (status, updated_at) on hiring.application to weft_app;
grant delete, insert, select, update on hiring.application to weft_engine;
grant select on hiring.application to weft_app;

create table hiring.company (
  id uuid not null,
  workspace_id uuid,
  name text not null,
  website text,
  careers_url text,
  industry text,
  location text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint company_pkey PRIMARY KEY (id),
  constraint company_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id) ON DELETE CASCADE,
  constraint company_careers_url_check CHECK ((length(careers_url) <= 2000)),
  constraint company_industry_check CHECK ((length(industry) <= 200)),
  constraint company_location_check CHECK ((length(location) <= 200)),
  constraint company_name_check CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
  constraint company_website_check CHECK ((length(website) <= 2000))
);
CREATE UNIQUE INDEX company_name_in_workspace ON hiring.company USING btree (workspace_id, lower(name));
alter table hiring.company enable row level security;
alter table hiring.company force row level security;
create policy engine_all on hiring.company to weft_engine
  using (true)
  with check (true);
create policy members_add on hiring.company for insert to weft_app
  with check (weft.caller_is_member(workspace_id));
create policy members_change on hiring.company for update to weft_app
  using (weft.caller_is_member(workspace_id))
  with check (weft.caller_is_member(workspace_id));
create policy members_delete on hiring.company for delete to weft_app
  using (weft.caller_is_member(workspace_id));
create policy owner_all on hiring.company to weft_admin
  using (true)
  with check (true);
create policy signed_in_read on hiring.company for select to weft_app
  using ((( SELECT weft.caller_user_id() AS caller_user_id)) IS NOT NULL);
grant delete, insert, select, update on hiring.company to weft_app;
grant delete, insert, select, update on hiring.company to weft_engine;

create table hiring.cv_reading (
  id uuid not null,
  user_id uuid not null,
  file_id uuid not null,
  run_id uuid,
  kind text not null,
  reason text,
  resume jsonb not null,
  evidence jsonb not null,
  pages jsonb not null,
  text text not null,
  created_at timestamp with time zone not null default now(),
  constraint cv_reading_pkey PRIMARY KEY (id),
  constraint cv_reading_file_id_key UNIQUE (file_id),
  constraint cv_reading_file_id_fkey FOREIGN KEY (file_id) REFERENCES hiring.file(id) ON DELETE CASCADE,
  constraint cv_reading_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint cv_reading_kind_check CHECK ((kind = ANY (ARRAY['cv'::text, 'cover_letter'::text, 'other'::text, 'unreadable'::text])))
);
CREATE INDEX cv_reading_user_idx ON hiring.cv_reading USING btree (user_id, id DESC);
alter table hiring.cv_reading enable row level security;
alter table hiring.cv_reading force row level security;
create policy engine_all on hiring.cv_reading to weft_engine
  using (true)
  with check (true);
create policy own_read on hiring.cv_reading for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy owner_all on hiring.cv_reading to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on hiring.cv_reading to weft_engine;
grant select on hiring.cv_reading to weft_app;

create table hiring.file (
  id uuid not null,
  workspace_id uuid not null,
  user_id uuid not null,
  name text not null,
  media_type text not null,
  size integer not null,
  sha256 bytea not null,
  content bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint file_pkey PRIMARY KEY (id),
  constraint file_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint file_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id),
  constraint file_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint file_sha256_check CHECK ((length(sha256) = 32)),
  constraint file_size_check CHECK ((size > 0))
);
CREATE INDEX file_user_idx ON hiring.file USING btree (user_id, id);
CREATE INDEX file_workspace_idx ON hiring.file USING btree (workspace_id, id);
alter table hiring.file enable row level security;
alter table hiring.file force row level security;
create policy add_own on hiring.file for insert to weft_app
  with check (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) AND weft.caller_is_member(workspace_id));
create policy delete_own on hiring.file for delete to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy engine_reads on hiring.file for select to weft_engine
  using (true);
create policy own_and_workspace_read on hiring.file for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR weft.caller_is_member(workspace_id));
create policy owner_all on hiring.file to weft_admin
  using (true)
  with check (true);
grant delete, insert, select on hiring.file to weft_app;
grant select on hiring.file to weft_engine;

create table hiring.match (
  id uuid not null,
  position_id uuid not null,
  user_id uuid not null,
  workspace_id uuid,
  score integer not null,
  reasons jsonb not null,
  run_id uuid,
  found_by text not null,
  status text not null default 'matched'::text,
  matched_at timestamp with time zone not null default now(),
  constraint match_pkey PRIMARY KEY (id),
  constraint match_position_id_user_id_key UNIQUE (position_id, user_id),
  constraint match_position_id_fkey FOREIGN KEY (position_id) REFERENCES hiring."position"(id) ON DELETE CASCADE,
  constraint match_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE CASCADE,
  constraint match_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id) ON DELETE CASCADE,
  constraint match_found_by_check CHECK ((found_by = ANY (ARRAY['position'::text, 'person'::text]))),
  constraint match_score_check CHECK (((score >= 0) AND (score <= 100))),
  constraint match_status_check CHECK ((status = ANY (ARRAY['matched'::text, 'lapsed'::text, 'dismissed'::text, 'applied'::text, 'withdrawn'::text])))
);
CREATE INDEX match_by_user ON hiring.match USING btree (user_id, score DESC, id DESC);
CREATE INDEX match_pool ON hiring.match USING btree (position_id, score DESC, id DESC);
CREATE TRIGGER weft_row_changed AFTER INSERT OR DELETE OR UPDATE ON hiring.match FOR EACH ROW EXECUTE FUNCTION weft.row_changed();
alter table hiring.match enable row level security;
alter table hiring.match force row level security;
create policy engine_all on hiring.match to weft_engine
  using (true)
  with check (true);
create policy owner_all on hiring.match to weft_admin
  using (true)
  with check (true);
create policy person_and_members_read on hiring.match for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR weft.caller_is_member(workspace_id));
create policy person_changes on hiring.match for update to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)))
  with check (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
grant update (status) on hiring.match to weft_app;
grant delete, insert, select, update on hiring.match to weft_engine;
grant select on hiring.match to weft_app;

create table hiring."position" (
  id uuid not null,
  workspace_id uuid,
  publisher_id uuid,
  company_id uuid,
  origin text not null default 'posted'::text,
  title text not null,
  description text not null default ''::text,
  department text,
  employment_type text,
  experience_level text,
  location text,
  remote text not null default 'unknown'::text,
  required_skills text[] not null default '{}'::text[],
  skill_keys text[] not null default '{}'::text[],
  salary_min numeric(14,2),
  salary_max numeric(14,2),
  salary_currency text,
  salary_period text,
  starts_on date,
  ends_on date,
  period daterange generated always as (daterange(starts_on, ends_on, '[]'::text)) stored,
  url text,
  status text not null default 'open'::text,
  first_seen_at timestamp with time zone not null default now(),
  last_seen_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  search tsvector generated always as (((setweight(to_tsvector('simple'::regconfig, title), 'A'::"char") || setweight(to_tsvector('simple'::regconfig, COALESCE(location, ''::text)), 'B'::"char")) || setweight(to_tsvector('simple'::regconfig, description), 'D'::"char"))) stored,
  constraint position_pkey PRIMARY KEY (id),
  constraint position_company_id_fkey FOREIGN KEY (company_id) REFERENCES hiring.company(id) ON DELETE SET NULL,
  constraint position_publisher_id_fkey FOREIGN KEY (publisher_id) REFERENCES auth."user"(id) ON DELETE SET NULL,
  constraint position_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES auth.workspace(id) ON DELETE CASCADE,
  constraint period_in_order CHECK (((starts_on IS NULL) OR (ends_on IS NULL) OR (starts_on <= ends_on))),
  constraint position_department_check CHECK ((length(department) <= 200)),
  constraint position_description_check CHECK ((length(description) <= 50000)),
  constraint position_employment_type_check CHECK ((employment_type = ANY (ARRAY['full_time'::text, 'part_time'::text, 'contract'::text, 'internship'::text, 'temporary'::text]))),
  constraint position_experience_level_check CHECK ((length(experience_level) <= 100)),
  constraint position_location_check CHECK ((length(location) <= 200)),
  constraint position_origin_check CHECK ((origin = ANY (ARRAY['posted'::text, 'scraped'::text, 'ats'::text]))),
  constraint position_remote_check CHECK ((remote = ANY (ARRAY['onsite'::text, 'hybrid'::text, 'remote'::text, 'unknown'::text]))),
  constraint position_required_skills_check CHECK ((cardinality(required_skills) <= 50)),
  constraint position_salary_currency_check CHECK ((salary_currency ~ '^[A-Z]{3}$'::text)),
  constraint position_salary_max_check CHECK ((salary_max >= (0)::numeric)),
  constraint position_salary_min_check CHECK ((salary_min >= (0)::numeric)),
  constraint position_salary_period_check CHECK ((salary_period = ANY (ARRAY['hour'::text, 'day'::text, 'week'::text, 'month'::text, 'year'::text]))),
  constraint position_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'open'::text, 'expired'::text, 'closed'::text]))),
  constraint position_title_check CHECK (((length(btrim(title)) >= 1) AND (length(btrim(title)) <= 200))),
  constraint position_url_check CHECK ((length(url) <= 2000)),
  constraint salary_complete CHECK ((((salary_min IS NULL) AND (salary_max IS NULL)) OR ((salary_currency IS NOT NULL) AND (salary_period IS NOT NULL)))),
  constraint salary_range CHECK (((salary_min IS NULL) OR (salary_max IS NULL) OR (salary_min <= salary_max)))
);
CREATE INDEX position_by_skill ON hiring."position" USING gin (skill_keys) WHERE (status = 'open'::text);
CREATE INDEX position_by_words ON hiring."position" USING gin (search);
CREATE INDEX position_by_workspace ON hiring."position" USING btree (workspace_id, id DESC);
CREATE INDEX position_open ON hiring."position" USING btree (id DESC) WHERE (status = 'open'::text);
CREATE TRIGGER weft_row_changed AFTER INSERT OR DELETE OR UPDATE ON hiring."position" FOR EACH ROW EXECUTE FUNCTION weft.row_changed();
alter table hiring."position" enable row level security;
alter table hiring."position" force row level security;
create policy engine_all on hiring."position" to weft_engine
  using (true)
  with check (true);
create policy members_change on hiring."position" for update to weft_app
  using (weft.caller_is_member(workspace_id))
  with check (weft.caller_is_member(workspace_id));
create policy members_publish on hiring."position" for insert to weft_app
  with check (weft.caller_is_member(workspace_id) AND publisher_id = (( SELECT weft.caller_user_id() AS caller_user_id)));
create policy owner_all on hiring."position" to weft_admin
  using (true)
  with check (true);
create policy published_or_members_read on hiring."position" for select to weft_app
  using (status <> 'draft'::text AND (( SELECT weft.caller_user_id() AS caller_user_id)) IS NOT NULL OR weft.caller_is_member(workspace_id));
grant update (company_id, title, description, department, employment_type, experience_level, location, remote, required_skills, skill_keys, salary_min, salary_max, salary_currency, salary_period, starts_on, ends_on, url, status, closed_at, updated_at) on hiring."position" to weft_app;
grant delete, insert, select, update on hiring."position" to weft_engine;
grant insert, select on hiring."position" to weft_app;


-- Schema weft

create schema weft;
grant usage on schema weft to weft_app;
grant usage on schema weft to weft_engine;
grant usage on schema weft to weft_flow;

CREATE OR REPLACE FUNCTION weft.allow_row_trigger(target regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  execute format('create or replace trigger weft_row_changed after insert or update or delete on %s for each row execute function weft.row_changed()', target);
end $function$;
-- weft.allow_row_trigger(regclass): for its owner alone

CREATE OR REPLACE FUNCTION weft.caller_addresses()
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select coalesce(array_agg(lower(u.email)), '{}') from auth."user" u where u.id = weft.caller_user_id() $function$;
grant execute on function weft.caller_addresses() to public;

CREATE OR REPLACE FUNCTION weft.caller_is_member(workspace uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select exists (select from auth.workspace_member m where m.user_id = weft.caller_user_id() and m.workspace_id = workspace) $function$;
grant execute on function weft.caller_is_member(uuid) to public;

CREATE OR REPLACE FUNCTION weft.caller_is_operator()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
        select weft.caller_user_id() = '00000000-0000-0000-0000-000000000000'
            or exists (select from auth."user" u where u.id = weft.caller_user_id() and u.is_operator)
    $function$;
grant execute on function weft.caller_is_operator() to public;

CREATE OR REPLACE FUNCTION weft.caller_user_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog'
AS $function$ select nullif(current_setting('weft.user_id', true), '')::uuid $function$;
grant execute on function weft.caller_user_id() to public;

CREATE OR REPLACE FUNCTION weft.caller_workspace_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog'
AS $function$ select nullif(current_setting('weft.workspace_id', true), '')::uuid $function$;
grant execute on function weft.caller_workspace_id() to public;

CREATE OR REPLACE FUNCTION weft.hold_lease(node_id integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock_shared(873490, node_id);
  perform 1 from weft.node where id = node_id;
  if not found then
    raise exception 'node % has lost its lease', node_id using errcode = 'WF001';
  end if;
end $function$;
grant execute on function weft.hold_lease(integer) to weft_engine;

CREATE OR REPLACE FUNCTION weft.id_at(moment timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog'
AS $function$ select (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $function$;
grant execute on function weft.id_at(timestamp with time zone) to public;

CREATE OR REPLACE FUNCTION weft.make_partitions(from_moment timestamp with time zone, months integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  parent text;
  month_start timestamptz;
  part text;
begin
  if months not between 1 and 24 then raise exception 'months must be from 1 to 24, not %', months; end if;
  perform pg_advisory_xact_lock(hashtextextended('weft.make_partitions', 0));
  for i in 0 .. months - 1 loop
    month_start := (date_trunc('month', from_moment at time zone 'UTC') + make_interval(months => i)) at time zone 'UTC';
    foreach parent in array array['run', 'run_end', 'run_event', 'step', 'log'] loop
      part := parent || '_' || to_char(month_start at time zone 'UTC', 'YYYYMM');
      if to_regclass('weft.' || part) is null then
        execute format('create table weft.%I partition of weft.%I for values from (%L) to (%L)', part, parent,
          weft.id_at(month_start), weft.id_at((month_start at time zone 'UTC' + interval '1 month') at time zone 'UTC'));
        execute format('alter table weft.%I enable row level security', part);
        execute format('alter table weft.%I force row level security', part);
      end if;
    end loop;
  end loop;
end $function$;
grant execute on function weft.make_partitions(timestamp with time zone,integer) to weft_engine;

CREATE OR REPLACE FUNCTION weft.record_step(node_id integer, proof bytea, run uuid, step_path text, step_attempt integer, step_task text, step_type text, step_iteration integer, started timestamp with time zone, finished timestamp with time zone, step_input jsonb, step_output jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  key bytea;
begin
  perform weft.hold_lease(node_id);
  select secret into key from weft.node where id = node_id;
  if key is null or proof is distinct from sha256(key || convert_to(run::text || '|' || step_path || '|' || step_attempt, 'UTF8') || key) then
    raise exception 'the proof does not fit the step' using errcode = 'insufficient_privilege';
  end if;
  insert into weft.step (run_id, path, attempt, task_id, type, iteration, status, started_at, finished_at, input, output)
  values (run, step_path, step_attempt, step_task, step_type, step_iteration, 'completed', started, finished, step_input, step_output);
end $function$;
grant execute on function weft.record_step(integer,bytea,uuid,text,integer,text,text,integer,timestamp with time zone,timestamp with time zone,jsonb,jsonb) to weft_engine, weft_flow;

CREATE OR REPLACE FUNCTION weft.row_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  changed_table text := tg_table_schema || '.' || tg_table_name;
begin
  -- Only what a flow listens to is worth a row.
  if exists (select 1 from weft.trigger t where t.kind = 'row' and t.table_name = changed_table and not t.disabled and lower(tg_op) = any (t.operations)) then
    insert into weft.outbox (table_name, operation, new, old)
    values (changed_table, lower(tg_op),
      case when tg_op <> 'DELETE' then to_jsonb(new) end,
      case when tg_op <> 'INSERT' then to_jsonb(old) end);
  end if;
  return null;
end $function$;
-- weft.row_changed(): for its owner alone

create table weft.answer (
  key text not null,
  value jsonb,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint answer_pkey PRIMARY KEY (key)
);
CREATE INDEX answer_by_expiry ON weft.answer USING btree (expires_at);
alter table weft.answer enable row level security;
alter table weft.answer force row level security;
create policy engine_all on weft.answer to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.answer to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.answer to weft_engine;

create table weft.cancel_request (
  run_id uuid not null,
  reason text not null,
  requested_at timestamp with time zone not null default now(),
  constraint cancel_request_pkey PRIMARY KEY (run_id)
);
alter table weft.cancel_request enable row level security;
alter table weft.cancel_request force row level security;
create policy engine_all on weft.cancel_request to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.cancel_request to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.cancel_request to weft_engine;

create table weft.flow (
  id uuid not null,
  workspace_id uuid,
  user_id uuid,
  namespace text not null,
  flow_id text not null,
  description text,
  current_version integer not null,
  disabled boolean not null default false,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint flow_pkey PRIMARY KEY (id),
  constraint flow_name_key UNIQUE NULLS NOT DISTINCT (workspace_id, namespace, flow_id)
);
CREATE INDEX flow_by_name ON weft.flow USING btree (namespace, flow_id);
alter table weft.flow enable row level security;
alter table weft.flow force row level security;
create policy app_reads on weft.flow for select to weft_app
  using (
CASE
    WHEN workspace_id IS NULL THEN (( SELECT weft.caller_user_id() AS caller_user_id)) IS NOT NULL
    ELSE ( SELECT weft.caller_is_operator() AS caller_is_operator) OR weft.caller_is_member(workspace_id)
END);
create policy engine_all on weft.flow to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.flow to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.flow to weft_engine;
grant select on weft.flow to weft_app;

create table weft.flow_version (
  id bigint not null generated always as identity,
  flow uuid not null,
  version integer not null,
  source text not null,
  content_hash text not null,
  created_by uuid,
  created_at timestamp with time zone not null default now(),
  constraint flow_version_pkey PRIMARY KEY (id),
  constraint flow_version_number_key UNIQUE (flow, version),
  constraint flow_version_flow_fkey FOREIGN KEY (flow) REFERENCES weft.flow(id) ON DELETE CASCADE
);
alter table weft.flow_version enable row level security;
alter table weft.flow_version force row level security;
create policy app_reads on weft.flow_version for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.flow f
  WHERE f.id = flow_version.flow)));
create policy engine_all on weft.flow_version to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.flow_version to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.flow_version to weft_engine;
grant select on weft.flow_version to weft_app;

create table weft.idempotency (
  scope text not null,
  key text not null,
  run_id uuid not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint idempotency_pkey PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_expiry ON weft.idempotency USING btree (expires_at);
alter table weft.idempotency enable row level security;
alter table weft.idempotency force row level security;
create policy engine_all on weft.idempotency to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.idempotency to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.idempotency to weft_engine;

create table weft.log (
  run_id uuid not null,
  id uuid not null,
  path text,
  attempt integer,
  at timestamp with time zone not null,
  level text not null,
  message text not null,
  constraint log_pkey PRIMARY KEY (run_id, id),
  constraint log_level_check CHECK ((level = ANY (ARRAY['trace'::text, 'debug'::text, 'info'::text, 'warn'::text, 'error'::text])))
) partition by RANGE (run_id);
alter table weft.log enable row level security;
alter table weft.log force row level security;
create policy app_reads on weft.log for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.run r
  WHERE r.id = log.run_id)));
create policy engine_all on weft.log to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.log to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.log to weft_engine;
grant select on weft.log to weft_app;

create table weft.mail (
  id uuid not null,
  workspace_id uuid,
  user_id uuid,
  run_id uuid not null,
  message_id text not null,
  sender text not null,
  recipient text not null,
  addressees text[] not null,
  subject text not null,
  text text,
  html text,
  headers jsonb not null,
  sent_at timestamp with time zone not null,
  constraint mail_pkey PRIMARY KEY (id),
  constraint mail_message_id_key UNIQUE (message_id)
);
CREATE INDEX mail_by_recipient ON weft.mail USING btree (lower(recipient), id);
CREATE INDEX mail_by_time ON weft.mail USING btree (sent_at);
CREATE INDEX mail_by_user ON weft.mail USING btree (user_id, id) WHERE (user_id IS NOT NULL);
alter table weft.mail enable row level security;
alter table weft.mail force row level security;
create policy app_reads on weft.mail for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR (lower(recipient) = ANY ((( SELECT weft.caller_addresses() AS caller_addresses))::text[])) OR ( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy engine_all on weft.mail to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.mail to weft_admin
  using (true)
  with check (true);
grant delete, insert, select on weft.mail to weft_engine;
grant select on weft.mail to weft_app;

create table weft.mail_receipt (
  message_id text not null,
  sent_at timestamp with time zone not null,
  constraint mail_receipt_pkey PRIMARY KEY (message_id)
);
CREATE INDEX mail_receipt_by_time ON weft.mail_receipt USING btree (sent_at);
alter table weft.mail_receipt enable row level security;
alter table weft.mail_receipt force row level security;
create policy engine_all on weft.mail_receipt to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.mail_receipt to weft_admin
  using (true)
  with check (true);
grant delete, insert, select on weft.mail_receipt to weft_engine;

create table weft.migration (
  line text not null,
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint migration_pkey PRIMARY KEY (line, version),
  constraint migration_version_check CHECK ((version > 0))
);
alter table weft.migration enable row level security;
alter table weft.migration force row level security;
create policy migration_admin on weft.migration to weft_admin
  using (true)
  with check (true);

create table weft.node (
  id integer not null generated always as identity,
  name text not null,
  process_id integer not null,
  works boolean not null,
  secret bytea not null,
  started_at timestamp with time zone not null default now(),
  heartbeat_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint node_pkey PRIMARY KEY (id)
);
alter table weft.node enable row level security;
alter table weft.node force row level security;
create policy app_reads on weft.node for select to weft_app
  using (( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy engine_all on weft.node to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.node to weft_admin
  using (true)
  with check (true);
grant select (id, name, process_id, works, started_at, heartbeat_at, expires_at) on weft.node to weft_app;
grant delete, insert, select, update on weft.node to weft_engine;

create table weft.outbox (
  id bigint not null generated always as identity,
  table_name text not null,
  operation text not null,
  new jsonb,
  old jsonb,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint outbox_pkey PRIMARY KEY (id),
  constraint outbox_operation_check CHECK ((operation = ANY (ARRAY['insert'::text, 'update'::text, 'delete'::text])))
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);
alter table weft.outbox enable row level security;
alter table weft.outbox force row level security;
create policy engine_all on weft.outbox to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.outbox to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.outbox to weft_engine;

create table weft.queue (
  priority smallint not null,
  run_id uuid not null,
  slot smallint not null,
  constraint queue_pkey PRIMARY KEY (priority, run_id) INCLUDE (slot)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_insert_threshold=-1);
alter table weft.queue enable row level security;
alter table weft.queue force row level security;
create policy app_reads on weft.queue for select to weft_app
  using (( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy engine_all on weft.queue to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.queue to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.queue to weft_engine;
grant select on weft.queue to weft_app;

create table weft.run (
  id uuid not null,
  workspace_id uuid,
  user_id uuid,
  flow_version bigint not null,
  namespace text not null,
  flow_id text not null,
  trigger text not null,
  trigger_data jsonb,
  inputs jsonb not null,
  masked text[],
  labels jsonb,
  parent_id uuid,
  depth smallint not null default 0,
  priority smallint not null,
  max_retries integer not null default 0,
  created_at timestamp with time zone not null,
  constraint run_pkey PRIMARY KEY (id)
) partition by RANGE (id);
CREATE INDEX run_by_flow ON ONLY weft.run USING btree (namespace, flow_id, id);
CREATE INDEX run_by_parent ON ONLY weft.run USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX run_by_user ON ONLY weft.run USING btree (user_id, id) WHERE (user_id IS NOT NULL);
CREATE INDEX run_by_workspace ON ONLY weft.run USING btree (workspace_id, id) WHERE (workspace_id IS NOT NULL);
alter table weft.run enable row level security;
alter table weft.run force row level security;
create policy app_reads on weft.run for select to weft_app
  using (user_id = (( SELECT weft.caller_user_id() AS caller_user_id)) OR ( SELECT weft.caller_is_operator() AS caller_is_operator) OR weft.caller_is_member(workspace_id));
create policy engine_all on weft.run to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.run to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.run to weft_engine;
grant select on weft.run to weft_app;

create table weft.run_end (
  run_id uuid not null,
  status text not null,
  outcome text,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  outputs jsonb,
  error jsonb,
  retry_count integer not null default 0,
  generation integer not null default 0,
  constraint run_end_pkey PRIMARY KEY (run_id),
  constraint run_end_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'warning'::text, 'failure'::text]))),
  constraint run_end_outcome_fits CHECK (
CASE status
    WHEN 'completed'::text THEN (outcome = ANY (ARRAY['success'::text, 'warning'::text]))
    WHEN 'failed'::text THEN (outcome = 'failure'::text)
    ELSE (outcome IS NULL)
END),
  constraint run_end_status_check CHECK ((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])))
) partition by RANGE (run_id);
CREATE INDEX run_end_failed ON ONLY weft.run_end USING btree (run_id) WHERE (status = 'failed'::text);
alter table weft.run_end enable row level security;
alter table weft.run_end force row level security;
create policy app_reads on weft.run_end for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.run r
  WHERE r.id = run_end.run_id)));
create policy engine_all on weft.run_end to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.run_end to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.run_end to weft_engine;
grant select on weft.run_end to weft_app;

create table weft.run_event (
  run_id uuid not null,
  at timestamp with time zone not null,
  number integer not null,
  from_status text not null,
  to_status text not null,
  reason text,
  constraint run_event_pkey PRIMARY KEY (run_id, at, number)
) partition by RANGE (run_id);
alter table weft.run_event enable row level security;
alter table weft.run_event force row level security;
create policy app_reads on weft.run_event for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.run r
  WHERE r.id = run_event.run_id)));
create policy engine_all on weft.run_event to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.run_event to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.run_event to weft_engine;
grant select on weft.run_event to weft_app;

create table weft.run_state (
  run_id uuid not null,
  status text not null,
  current_step text,
  started_at timestamp with time zone,
  next_retry_at timestamp with time zone,
  retry_count integer not null default 0,
  generation integer not null default 0,
  updated_at timestamp with time zone not null default now(),
  constraint run_state_pkey PRIMARY KEY (run_id),
  constraint run_state_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'paused'::text, 'awaiting_retry'::text])))
);
alter table weft.run_state enable row level security;
alter table weft.run_state force row level security;
create policy app_reads on weft.run_state for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.run r
  WHERE r.id = run_state.run_id)));
create policy engine_all on weft.run_state to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.run_state to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.run_state to weft_engine;
grant select on weft.run_state to weft_app;

create table weft.slot (
  id smallint not null,
  node integer,
  low_mark uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  constraint slot_pkey PRIMARY KEY (id),
  constraint slot_node_fkey FOREIGN KEY (node) REFERENCES weft.node(id) ON DELETE SET NULL
);
CREATE INDEX slot_by_node ON weft.slot USING btree (node);
alter table weft.slot enable row level security;
alter table weft.slot force row level security;
create policy app_reads on weft.slot for select to weft_app
  using (( SELECT weft.caller_is_operator() AS caller_is_operator));
create policy engine_all on weft.slot to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.slot to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.slot to weft_engine;
grant select on weft.slot to weft_app;

create table weft.step (
  run_id uuid not null,
  path text not null,
  attempt integer not null,
  task_id text not null,
  type text not null,
  iteration integer,
  status text not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  input jsonb,
  output jsonb,
  error jsonb,
  constraint step_pkey PRIMARY KEY (run_id, path, attempt),
  constraint step_marker_is_unfinished CHECK (((attempt < 0) = (status = ANY (ARRAY['running'::text, 'waiting'::text])))),
  constraint step_status_check CHECK ((status = ANY (ARRAY['running'::text, 'waiting'::text, 'deferred'::text, 'completed'::text, 'failed'::text, 'skipped'::text, 'cancelled'::text])))
) partition by RANGE (run_id);
alter table weft.step enable row level security;
alter table weft.step force row level security;
create policy app_reads on weft.step for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.run r
  WHERE r.id = step.run_id)));
create policy engine_all on weft.step to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.step to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.step to weft_engine;
grant select on weft.step to weft_app;

create table weft.timer (
  run_id uuid not null,
  due_at timestamp with time zone not null,
  slot smallint not null,
  priority smallint not null,
  constraint timer_pkey PRIMARY KEY (run_id)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);
CREATE INDEX timer_by_due ON weft.timer USING btree (due_at);
alter table weft.timer enable row level security;
alter table weft.timer force row level security;
create policy engine_all on weft.timer to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.timer to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.timer to weft_engine;

create table weft.trigger (
  flow uuid not null,
  trigger_id text not null,
  kind text not null,
  table_name text,
  operations text[],
  key_hash bytea,
  disabled boolean not null default false,
  last_fired_at timestamp with time zone,
  last_error text,
  last_error_at timestamp with time zone,
  constraint trigger_pkey PRIMARY KEY (flow, trigger_id),
  constraint trigger_flow_fkey FOREIGN KEY (flow) REFERENCES weft.flow(id) ON DELETE CASCADE,
  constraint trigger_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'schedule'::text, 'row'::text, 'flow'::text, 'event'::text]))),
  constraint trigger_row_has_table CHECK (((kind <> 'row'::text) OR (table_name IS NOT NULL))),
  constraint trigger_webhook_has_key CHECK (((kind <> 'webhook'::text) OR (key_hash IS NOT NULL)))
);
CREATE INDEX trigger_by_table ON weft.trigger USING btree (table_name) WHERE (kind = 'row'::text);
alter table weft.trigger enable row level security;
alter table weft.trigger force row level security;
create policy app_reads on weft.trigger for select to weft_app
  using ((EXISTS ( SELECT 1
   FROM weft.flow f
  WHERE f.id = trigger.flow)));
create policy engine_all on weft.trigger to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.trigger to weft_admin
  using (true)
  with check (true);
grant select (flow, trigger_id, kind, table_name, operations, disabled, last_fired_at, last_error, last_error_at) on weft.trigger to weft_app;
grant delete, insert, select, update on weft.trigger to weft_engine;

create table weft.wait (
  key text not null,
  run_id uuid not null,
  path text not null,
  created_at timestamp with time zone not null default now(),
  constraint wait_pkey PRIMARY KEY (key, run_id, path)
);
CREATE INDEX wait_by_run ON weft.wait USING btree (run_id);
alter table weft.wait enable row level security;
alter table weft.wait force row level security;
create policy engine_all on weft.wait to weft_engine
  using (true)
  with check (true);
create policy owner_all on weft.wait to weft_admin
  using (true)
  with check (true);
grant delete, insert, select, update on weft.wait to weft_engine;

create view weft.row_trigger_table with (security_invoker=true) as
 SELECT (n.nspname::text || '.'::text) || c.relname::text AS table_name
   FROM pg_trigger t
     JOIN pg_class c ON c.oid = t.tgrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE t.tgname = 'weft_row_changed'::name AND NOT t.tgisinternal;
grant select on weft.row_trigger_table to weft_app;
grant select on weft.row_trigger_table to weft_engine;
