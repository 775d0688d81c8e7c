-- People, their sign-ins and their workspaces.
--
-- Every table forces row-level security. Requests run as weft_app with the caller's identity set for the transaction;
-- what must be read before there is a caller goes through the functions at the end of this file, and through nothing else.

create schema auth;
grant usage on schema auth to weft_engine, weft_app;

create table auth.workspace (
    id          uuid primary key,
    name        text not null check (length(name) between 1 and 200),
    kind        text not null default 'personal' check (kind in ('personal', 'team')),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);

-- One row is the whole person: who signs in, and the profile that matching reads.
create table auth."user" (
    id                uuid primary key,
    email             text not null check (length(email) between 3 and 254),
    email_verified    boolean not null default false,
    name              text not null check (length(name) between 1 and 200),
    image             text,
    role              text not null check (role in ('job_seeker', 'recruiter')),
    is_operator       boolean not null default false,
    workspace_id      uuid not null references auth.workspace,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    headline          text,
    location          text,
    skills            text[] not null default '{}',
    availability      tstzmultirange not null default '{}',
    profile_text      text,
    suggested_titles  text[] not null default '{}',
    "references"      jsonb not null default '[]' check (jsonb_typeof("references") = 'array'),
    source_files      uuid[] not null default '{}',
    preferences       jsonb not null default '{}' check (jsonb_typeof(preferences) = 'object'),
    last_used_at      timestamptz,
    -- The nil id stands for whoever owns the machine (the command line beside the data folder): never a person's.
    check (id <> '00000000-0000-0000-0000-000000000000')
);
create unique index user_email_key on auth."user" (lower(email));
create index user_workspace_idx on auth."user" (workspace_id);
create index user_skills_idx on auth."user" using gin (skills);
create index user_availability_idx on auth."user" using gist (availability);

create table auth.workspace_member (
    workspace_id  uuid not null references auth.workspace on delete cascade,
    user_id       uuid not null references auth."user" on delete cascade,
    role          text not null default 'member' check (role in ('owner', 'member')),
    created_at    timestamptz not null default now(),
    primary key (user_id, workspace_id)
);
create index workspace_member_workspace_idx on auth.workspace_member (workspace_id);

-- Only the hash of a session's token is kept: a copy of the database signs nobody in.
create table auth.session (
    id            uuid primary key,
    user_id       uuid not null references auth."user" on delete cascade,
    token_hash    bytea not null unique check (length(token_hash) = 32),
    ip_address    inet,
    user_agent    text,
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz not null default now(),
    expires_at    timestamptz not null
);
create index session_user_idx on auth.session (user_id);
create index session_expires_idx on auth.session (expires_at);

-- How a person signs in: by password here (provider 'password'), or by an outside provider's (issuer, subject).
create table auth.account (
    id                        uuid primary key,
    user_id                   uuid not null references auth."user" on delete cascade,
    provider_id               text not null,
    account_id                text not null,
    password_hash             text,
    security_stamp            text,
    access_failed_count       integer not null default 0,
    lockout_end               timestamptz,
    access_token              text,
    refresh_token             text,
    id_token                  text,
    access_token_expires_at   timestamptz,
    refresh_token_expires_at  timestamptz,
    scope                     text,
    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    unique (provider_id, account_id),
    check (provider_id <> 'password' or password_hash is not null)
);
create index account_user_idx on auth.account (user_id);

create table auth.verification (
    id          uuid primary key,
    identifier  text not null,
    value_hash  bytea not null unique check (length(value_hash) = 32),
    expires_at  timestamptz not null,
    created_at  timestamptz not null default now()
);
create index verification_identifier_idx on auth.verification (identifier);

create table auth.api_key (
    id            uuid primary key,
    user_id       uuid not null references auth."user" on delete cascade,
    workspace_id  uuid not null references auth.workspace on delete cascade,
    name          text not null check (length(name) between 1 and 100),
    prefix        text not null,
    key_hash      bytea not null unique check (length(key_hash) = 32),
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz,
    expires_at    timestamptz
);
create index api_key_user_idx on auth.api_key (user_id);

-- Who the caller is, for every policy of every schema. They read as the owner, whose policies are plain, since a policy
-- that reads its own table as the caller would recurse.
create or replace function weft.caller_is_member(workspace uuid) returns boolean
    language sql stable security definer parallel safe
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from auth.workspace_member m where m.user_id = weft.caller_user_id() and m.workspace_id = workspace) $$;

create or replace function weft.caller_is_operator() returns boolean
    language sql stable security definer parallel safe
    set search_path = pg_catalog, pg_temp
    as $$
        select weft.caller_user_id() = '00000000-0000-0000-0000-000000000000'
            or exists (select from auth."user" u where u.id = weft.caller_user_id() and u.is_operator)
    $$;

-- Whose mail the caller may read in the built-in mailbox.
create or replace function weft.caller_addresses() returns text[]
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(lower(u.email)), '{}') from auth."user" u where u.id = weft.caller_user_id() $$;

alter table auth.workspace enable row level security;
alter table auth.workspace force row level security;
alter table auth."user" enable row level security;
alter table auth."user" force row level security;
alter table auth.workspace_member enable row level security;
alter table auth.workspace_member force row level security;
alter table auth.session enable row level security;
alter table auth.session force row level security;
alter table auth.account enable row level security;
alter table auth.account force row level security;
alter table auth.verification enable row level security;
alter table auth.verification force row level security;
alter table auth.api_key enable row level security;
alter table auth.api_key force row level security;

create policy owner_all on auth.workspace to weft_admin using (true) with check (true);
create policy owner_all on auth."user" to weft_admin using (true) with check (true);
create policy owner_all on auth.workspace_member to weft_admin using (true) with check (true);
create policy owner_all on auth.session to weft_admin using (true) with check (true);
create policy owner_all on auth.account to weft_admin using (true) with check (true);
create policy owner_all on auth.verification to weft_admin using (true) with check (true);
create policy owner_all on auth.api_key to weft_admin using (true) with check (true);

-- Shipped flows match and write to people across workspaces; they fill profiles and never touch a sign-in.
create policy engine_reads on auth.workspace for select to weft_engine using (true);
create policy engine_reads on auth."user" for select to weft_engine using (true);
create policy engine_fills_profile on auth."user" for update to weft_engine using (true) with check (true);
create policy engine_reads on auth.workspace_member for select to weft_engine using (true);
grant select on auth.workspace, auth."user", auth.workspace_member to weft_engine;
grant update (headline, location, skills, availability, profile_text, suggested_titles, "references", source_files, preferences, updated_at)
    on auth."user" to weft_engine;

create policy members_read on auth.workspace for select to weft_app
    using (weft.caller_is_member(id) or (select weft.caller_is_operator()));
create policy members_rename on auth.workspace for update to weft_app
    using (weft.caller_is_member(id)) with check (weft.caller_is_member(id));
grant select on auth.workspace to weft_app;
grant update (name, updated_at) on auth.workspace to weft_app;

create policy self_and_operator_read on auth."user" for select to weft_app
    using (id = (select weft.caller_user_id()) or (select weft.caller_is_operator()));
create policy self_changes on auth."user" for update to weft_app
    using (id = (select weft.caller_user_id())) with check (id = (select weft.caller_user_id()));
grant select on auth."user" to weft_app;
grant update (name, image, headline, location, skills, availability, profile_text, suggested_titles, "references", source_files, preferences,
    last_used_at, updated_at) on auth."user" to weft_app;

create policy own_memberships on auth.workspace_member for select to weft_app
    using (user_id = (select weft.caller_user_id()) or weft.caller_is_member(workspace_id) or (select weft.caller_is_operator()));
grant select on auth.workspace_member to weft_app;

create policy own_sessions on auth.session for select to weft_app using (user_id = (select weft.caller_user_id()));
create policy end_own_sessions on auth.session for delete to weft_app using (user_id = (select weft.caller_user_id()));
grant select (id, user_id, ip_address, user_agent, created_at, last_used_at, expires_at), delete on auth.session to weft_app;

create policy own_keys on auth.api_key for select to weft_app using (user_id = (select weft.caller_user_id()));
create policy add_own_keys on auth.api_key for insert to weft_app
    with check (user_id = (select weft.caller_user_id()) and weft.caller_is_member(workspace_id));
create policy end_own_keys on auth.api_key for delete to weft_app using (user_id = (select weft.caller_user_id()));
grant select (id, user_id, workspace_id, name, prefix, created_at, last_used_at, expires_at), insert, delete on auth.api_key to weft_app;

-- The listed functions that serve a caller who is not known yet. Each runs as the owner with a pinned search path,
-- takes only values, and answers only about the one row its secret or its address names.

-- A new person with a workspace of their own and a password, all or nothing. The first account of an installation is operator;
-- the people of the demonstration world, whose password is public, are nobody in this.
create function auth.sign_up(user_id uuid, workspace uuid, account uuid, email text, name text, role text, password_hash text, security_stamp text)
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
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
    end $$;

create function auth.find_credentials(by_email text, by_id uuid)
    returns table (id uuid, email text, name text, role text, is_operator boolean, email_verified boolean, workspace_id uuid,
                   password_hash text, security_stamp text, access_failed_count integer, lockout_end timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
        select u.id, u.email, u.name, u.role, u.is_operator, u.email_verified, u.workspace_id,
               a.password_hash, a.security_stamp, coalesce(a.access_failed_count, 0), a.lockout_end
        from auth."user" u
        left join auth.account a on a.provider_id = 'password' and a.account_id = u.id::text
        where case when by_id is not null then u.id = by_id else lower(u.email) = lower(by_email) end
    $$;

create function auth.count_failed_sign_in(user_id uuid) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$
        update auth.account a set access_failed_count = a.access_failed_count + 1, updated_at = now()
        where a.provider_id = 'password' and a.account_id = count_failed_sign_in.user_id::text
        returning a.access_failed_count
    $$;

-- Another attempt may be under way: what did not change (null) stays as it is, the count is only ever reset, and a lock that
-- somebody else just set is not taken back, or a burst of wrong passwords would lift its own lock.
create function auth.save_credentials(user_id uuid, new_password_hash text, new_security_stamp text, reset_count boolean, locked_until timestamptz) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$
        update auth.account a
        set password_hash = coalesce(new_password_hash, a.password_hash),
            security_stamp = coalesce(new_security_stamp, a.security_stamp),
            access_failed_count = case when reset_count then 0 else a.access_failed_count end,
            lockout_end = case when reset_count then locked_until else greatest(a.lockout_end, locked_until) end,
            updated_at = now()
        where a.provider_id = 'password' and a.account_id = save_credentials.user_id::text
    $$;

create function auth.open_session(session uuid, user_id uuid, token_hash bytea, ip_address inet, user_agent text, expires_at timestamptz) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$
        insert into auth.session (id, user_id, token_hash, ip_address, user_agent, expires_at)
        values (session, open_session.user_id, open_session.token_hash, open_session.ip_address, open_session.user_agent, open_session.expires_at)
    $$;

-- Who a session's token stands for. The expiry slides, but is written at most once in ten minutes: a read per request
-- must not become a write per request.
create function auth.find_session(hash bytea, lifetime interval)
    returns table (session_id uuid, id uuid, email text, name text, role text, is_operator boolean, email_verified boolean, workspace_id uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
    begin
        update auth.session s set last_used_at = now(), expires_at = now() + lifetime
        where s.token_hash = hash and s.expires_at > now() and s.last_used_at < now() - interval '10 minutes';
        return query
            select s.id, u.id, u.email, u.name, u.role, u.is_operator, u.email_verified, u.workspace_id
            from auth.session s join auth."user" u on u.id = s.user_id
            where s.token_hash = hash and s.expires_at > now();
    end $$;

create function auth.close_session(hash bytea) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$ delete from auth.session s where s.token_hash = hash $$;

create function auth.find_api_key(hash bytea)
    returns table (session_id uuid, id uuid, email text, name text, role text, is_operator boolean, email_verified boolean, workspace_id uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
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
    end $$;

-- Changes what only an operator may: the caller's right is checked here, not by who calls.
create function auth.grant_operator(user_id uuid, operator boolean) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
    begin
        if not weft.caller_is_operator() then
            raise exception 'only an operator may grant' using errcode = 'insufficient_privilege';
        end if;
        update auth."user" u set is_operator = operator, updated_at = now() where u.id = grant_operator.user_id;
        return found;
    end $$;

-- Ends every session and key of a person, after a password was reset.
create function auth.end_sessions(user_id uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
    begin
        if not (weft.caller_is_operator() or end_sessions.user_id = weft.caller_user_id()) then
            raise exception 'only an operator may end the sessions of others' using errcode = 'insufficient_privilege';
        end if;
        delete from auth.session s where s.user_id = end_sessions.user_id;
        delete from auth.api_key k where k.user_id = end_sessions.user_id;
    end $$;

-- An operator makes a key for somebody: the command line's `key create`.
create function auth.create_api_key(key uuid, user_id uuid, name text, prefix text, hash bytea, expires_at timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
    begin
        if not (weft.caller_is_operator() or create_api_key.user_id = weft.caller_user_id()) then
            raise exception 'only an operator may make keys for others' using errcode = 'insufficient_privilege';
        end if;
        insert into auth.api_key (id, user_id, workspace_id, name, prefix, key_hash, expires_at)
            select key, u.id, u.workspace_id, create_api_key.name, create_api_key.prefix, hash, create_api_key.expires_at
            from auth."user" u where u.id = create_api_key.user_id;
        return found;
    end $$;

revoke all on function
    auth.sign_up, auth.find_credentials, auth.count_failed_sign_in, auth.save_credentials, auth.open_session, auth.find_session,
    auth.close_session, auth.find_api_key, auth.grant_operator, auth.end_sessions, auth.create_api_key from public;
grant execute on function
    auth.sign_up, auth.find_credentials, auth.count_failed_sign_in, auth.save_credentials, auth.open_session, auth.find_session,
    auth.close_session, auth.find_api_key, auth.grant_operator, auth.end_sessions, auth.create_api_key to weft_app;

-- A new person is an event that flows may start from (flows/registration.yaml).
select weft.allow_row_trigger('auth.user');
