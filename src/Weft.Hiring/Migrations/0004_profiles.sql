-- What was read from each document a person uploaded: shown beside the document, quoted as evidence by scores.

create table hiring.cv_reading (
    id          uuid primary key,
    user_id     uuid not null references auth."user" on delete cascade,
    file_id     uuid not null references hiring.file on delete cascade,
    run_id      uuid,
    kind        text not null check (kind in ('cv', 'cover_letter', 'other', 'unreadable')),
    reason      text,
    resume      jsonb not null,
    evidence    jsonb not null,
    pages       jsonb not null,
    text        text not null,
    created_at  timestamptz not null default now(),
    unique (file_id)
);
create index cv_reading_user_idx on hiring.cv_reading (user_id, id desc);

alter table hiring.cv_reading enable row level security;
alter table hiring.cv_reading force row level security;
create policy owner_all on hiring.cv_reading to weft_admin using (true) with check (true);
create policy engine_all on hiring.cv_reading to weft_engine using (true) with check (true);
create policy own_read on hiring.cv_reading for select to weft_app using (user_id = (select weft.caller_user_id()));
grant select, insert, update, delete on hiring.cv_reading to weft_engine;
grant select on hiring.cv_reading to weft_app;
