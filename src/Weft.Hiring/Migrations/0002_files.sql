-- Uploaded files: seen by who uploaded them and by the members of the workspace they were uploaded in.

create schema hiring;
grant usage on schema hiring to weft_engine, weft_app, weft_flow;

create table hiring.file (
    id            uuid primary key,
    workspace_id  uuid not null references auth.workspace,
    user_id       uuid not null references auth."user" on delete cascade,
    name          text not null check (length(name) between 1 and 255),
    media_type    text not null,
    size          integer not null check (size > 0),
    sha256        bytea not null check (length(sha256) = 32),
    content       bytea not null,
    created_at    timestamptz not null default now()
);
create index file_user_idx on hiring.file (user_id, id);
create index file_workspace_idx on hiring.file (workspace_id, id);
-- Documents are compressed already: trying again costs time at each upload and gains nothing.
alter table hiring.file alter column content set storage external;

alter table hiring.file enable row level security;
alter table hiring.file force row level security;
create policy owner_all on hiring.file to weft_admin using (true) with check (true);
create policy engine_reads on hiring.file for select to weft_engine using (true);
create policy own_and_workspace_read on hiring.file for select to weft_app
    using (user_id = (select weft.caller_user_id()) or weft.caller_is_member(workspace_id));
create policy add_own on hiring.file for insert to weft_app
    with check (user_id = (select weft.caller_user_id()) and weft.caller_is_member(workspace_id));
create policy delete_own on hiring.file for delete to weft_app using (user_id = (select weft.caller_user_id()));
grant select on hiring.file to weft_engine;
grant select, insert, delete on hiring.file to weft_app;
