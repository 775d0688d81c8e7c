-- Positions, matches and applications: what recruiters and job seekers do with each other.

-- The canonical forms of a person's skills, by which positions find them; written with `skills`, always.
alter table auth."user" add column skill_keys text[] not null default '{}';
create index user_by_skill on auth."user" using gin (skill_keys);
-- Correcting a profile, and filling it from a CV, sets them too.
grant update (skill_keys) on auth."user" to weft_engine, weft_app;

-- A company as anybody may know it. The workspace that made it keeps it up.
create table hiring.company (
    id           uuid primary key,
    workspace_id uuid references auth.workspace on delete cascade,
    name         text not null check (length(btrim(name)) between 1 and 200),
    website      text check (length(website) <= 2000),
    careers_url  text check (length(careers_url) <= 2000),
    industry     text check (length(industry) <= 200),
    location     text check (length(location) <= 200),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);
create unique index company_name_in_workspace on hiring.company (workspace_id, lower(name));

-- A job opening. `required_skills` keeps the words of the posting; `skill_keys` are their canonical forms, by which
-- people are found. Dates are days, both included; no period means "any time".
create table hiring.position (
    id               uuid primary key,
    workspace_id     uuid references auth.workspace on delete cascade,
    publisher_id     uuid references auth."user" on delete set null,
    company_id       uuid references hiring.company on delete set null,
    origin           text not null default 'posted' check (origin in ('posted', 'scraped', 'ats')),
    title            text not null check (length(btrim(title)) between 1 and 200),
    description      text not null default '' check (length(description) <= 50000),
    department       text check (length(department) <= 200),
    employment_type  text check (employment_type in ('full_time', 'part_time', 'contract', 'internship', 'temporary')),
    experience_level text check (length(experience_level) <= 100),
    location         text check (length(location) <= 200),
    remote           text not null default 'unknown' check (remote in ('onsite', 'hybrid', 'remote', 'unknown')),
    required_skills  text[] not null default '{}' check (cardinality(required_skills) <= 50),
    skill_keys       text[] not null default '{}',
    salary_min       numeric(14, 2) check (salary_min >= 0),
    salary_max       numeric(14, 2) check (salary_max >= 0),
    salary_currency  text check (salary_currency ~ '^[A-Z]{3}$'),
    salary_period    text check (salary_period in ('hour', 'day', 'week', 'month', 'year')),
    starts_on        date,
    ends_on          date,
    period           daterange generated always as (daterange(starts_on, ends_on, '[]')) stored,
    url              text check (length(url) <= 2000),
    status           text not null default 'open' check (status in ('draft', 'open', 'expired', 'closed')),
    first_seen_at    timestamptz not null default now(),
    last_seen_at     timestamptz not null default now(),
    closed_at        timestamptz,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    search           tsvector generated always as (
        setweight(to_tsvector('simple', title), 'A') ||
        setweight(to_tsvector('simple', coalesce(location, '')), 'B') ||
        setweight(to_tsvector('simple', description), 'D')) stored,
    constraint salary_range check (salary_min is null or salary_max is null or salary_min <= salary_max),
    constraint salary_complete check ((salary_min is null and salary_max is null) or (salary_currency is not null and salary_period is not null)),
    constraint period_in_order check (starts_on is null or ends_on is null or starts_on <= ends_on)
);
create index position_by_workspace on hiring.position (workspace_id, id desc);
create index position_open on hiring.position (id desc) where status = 'open';
create index position_by_skill on hiring.position using gin (skill_keys) where status = 'open';
create index position_by_words on hiring.position using gin (search);

-- A scored pair (person, position). A pair that no longer fits lapses instead of vanishing, so that nobody is told of it twice.
-- `workspace_id` is the position's, so that both sides' rights are one comparison. `found_by` says whose change brought the pair
-- together: a person who is found is told of it, a person who searched is shown what was found.
create table hiring.match (
    id           uuid primary key,
    position_id  uuid not null references hiring.position on delete cascade,
    user_id      uuid not null references auth."user" on delete cascade,
    workspace_id uuid references auth.workspace on delete cascade,
    score        integer not null check (score between 0 and 100),
    reasons      jsonb not null,
    run_id       uuid,
    found_by     text not null check (found_by in ('position', 'person')),
    status       text not null default 'matched' check (status in ('matched', 'lapsed', 'dismissed', 'applied', 'withdrawn')),
    matched_at   timestamptz not null default now(),
    unique (position_id, user_id)
);
create index match_by_user on hiring.match (user_id, score desc, id desc);
create index match_pool on hiring.match (position_id, score desc, id desc);

-- What a person sent to a position on the platform. The person moves it to `withdrawn`, the position's workspace the rest.
create table hiring.application (
    id           uuid primary key,
    position_id  uuid not null references hiring.position on delete cascade,
    user_id      uuid not null references auth."user" on delete cascade,
    workspace_id uuid references auth.workspace on delete cascade,
    status       text not null default 'applied'
                 check (status in ('applied', 'in_review', 'interviewing', 'offer', 'hired', 'rejected', 'withdrawn')),
    message      text not null default '' check (length(message) <= 10000),
    cover_letter text check (length(cover_letter) <= 20000),
    applied_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (position_id, user_id)
);
create index application_by_user on hiring.application (user_id, id desc);
create index application_by_workspace on hiring.application (workspace_id, id desc);

alter table hiring.company enable row level security;
alter table hiring.company force row level security;
alter table hiring.position enable row level security;
alter table hiring.position force row level security;
alter table hiring.match enable row level security;
alter table hiring.match force row level security;
alter table hiring.application enable row level security;
alter table hiring.application force row level security;

create policy owner_all on hiring.company to weft_admin using (true) with check (true);
create policy engine_all on hiring.company to weft_engine using (true) with check (true);
create policy signed_in_read on hiring.company for select to weft_app using ((select weft.caller_user_id()) is not null);
create policy members_add on hiring.company for insert to weft_app with check (weft.caller_is_member(workspace_id));
create policy members_change on hiring.company for update to weft_app
    using (weft.caller_is_member(workspace_id)) with check (weft.caller_is_member(workspace_id));
create policy members_delete on hiring.company for delete to weft_app using (weft.caller_is_member(workspace_id));

create policy owner_all on hiring.position to weft_admin using (true) with check (true);
create policy engine_all on hiring.position to weft_engine using (true) with check (true);
create policy published_or_members_read on hiring.position for select to weft_app
    using ((status <> 'draft' and (select weft.caller_user_id()) is not null) or weft.caller_is_member(workspace_id));
create policy members_publish on hiring.position for insert to weft_app
    with check (weft.caller_is_member(workspace_id) and publisher_id = (select weft.caller_user_id()));
create policy members_change on hiring.position for update to weft_app
    using (weft.caller_is_member(workspace_id)) with check (weft.caller_is_member(workspace_id));

create policy owner_all on hiring.match to weft_admin using (true) with check (true);
create policy engine_all on hiring.match to weft_engine using (true) with check (true);
create policy person_and_members_read on hiring.match for select to weft_app
    using (user_id = (select weft.caller_user_id()) or weft.caller_is_member(workspace_id));
create policy person_changes on hiring.match for update to weft_app
    using (user_id = (select weft.caller_user_id())) with check (user_id = (select weft.caller_user_id()));

create policy owner_all on hiring.application to weft_admin using (true) with check (true);
create policy engine_all on hiring.application to weft_engine using (true) with check (true);
create policy person_and_members_read on hiring.application for select to weft_app
    using (user_id = (select weft.caller_user_id()) or weft.caller_is_member(workspace_id));
create policy person_applies on hiring.application for insert to weft_app with check (user_id = (select weft.caller_user_id()));
create policy person_and_members_change on hiring.application for update to weft_app
    using (user_id = (select weft.caller_user_id()) or weft.caller_is_member(workspace_id))
    with check (user_id = (select weft.caller_user_id()) or weft.caller_is_member(workspace_id));

grant select, insert, update, delete on hiring.company, hiring.position, hiring.match, hiring.application to weft_engine;
grant select, insert, update, delete on hiring.company to weft_app;
grant select, insert on hiring.position to weft_app;
grant update (company_id, title, description, department, employment_type, experience_level, location, remote, required_skills, skill_keys,
              salary_min, salary_max, salary_currency, salary_period, starts_on, ends_on, url, status, closed_at, updated_at)
    on hiring.position to weft_app;
grant select on hiring.match to weft_app;
grant update (status) on hiring.match to weft_app;
grant select on hiring.application to weft_app;
grant insert (id, position_id, user_id, message, cover_letter) on hiring.application to weft_app;
grant update (status, updated_at) on hiring.application to weft_app;

-- An application belongs to the workspace of its position, whatever the writer says, and only an open position takes one.
create function hiring.application_of_position() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
declare target record;
begin
    select workspace_id, status into target from hiring.position where id = new.position_id for share;
    if target.status is distinct from 'open' then
        raise exception using errcode = 'WH001', message = 'the position is not open for applications';
    end if;
    new.workspace_id := target.workspace_id;
    return new;
end $$;
revoke all on function hiring.application_of_position() from public;
create trigger application_of_position before insert on hiring.application
    for each row execute function hiring.application_of_position();

-- The person may only withdraw; the workspace may do everything but that. Row-level security cannot compare old and new.
create function hiring.application_moves() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
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
end $$;
revoke all on function hiring.application_moves() from public;
create trigger application_moves before update on hiring.application
    for each row execute function hiring.application_moves();

-- The match of a pair says what became of it.
create function hiring.match_follows_application() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    update hiring.match
       set status = case when new.status = 'withdrawn' then 'withdrawn' else 'applied' end
     where position_id = new.position_id and user_id = new.user_id;
    return null;
end $$;
revoke all on function hiring.match_follows_application() from public;
create trigger match_follows_application after insert or update of status on hiring.application
    for each row execute function hiring.match_follows_application();

-- The people that a workspace may see because they stand in one of its pools or applied to one of its positions; all of a
-- position, or one of them. Contact data comes along only when the person applied, or allows it.
create function hiring.people_of_position(target uuid, only_user uuid)
    returns table (user_id uuid, name text, email text, headline text, location text, skills text[], availability tstzmultirange)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select u.id, u.name::text,
           case when a.id is not null or coalesce((u.preferences ->> 'share_contact')::boolean, false) then u.email::text end,
           u.headline, u.location, u.skills, u.availability
      from hiring.position p
      join (select m.user_id from hiring.match m where m.position_id = target and (only_user is null or m.user_id = only_user)
            union select b.user_id from hiring.application b where b.position_id = target and (only_user is null or b.user_id = only_user)) person on true
      join auth."user" u on u.id = person.user_id
      left join hiring.application a on a.position_id = target and a.user_id = u.id
     where p.id = target and weft.caller_is_member(p.workspace_id)
$$;
revoke all on function hiring.people_of_position(uuid, uuid) from public;
grant execute on function hiring.people_of_position(uuid, uuid) to weft_app;

select weft.allow_row_trigger('hiring.position');
select weft.allow_row_trigger('hiring.application');
select weft.allow_row_trigger('hiring.match');
