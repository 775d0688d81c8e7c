-- Mail that was sent. Without a mail server the mailbox is where mail goes; with one, a receipt per message keeps a repeated
-- step from telling anybody twice.

create table weft.mail (
  id           uuid primary key,
  workspace_id uuid,
  -- Whom the mail is for, where the step that sent it said so; the recipient's address is the other way to find out.
  user_id      uuid,
  run_id       uuid not null,
  message_id   text not null constraint mail_message_id_key unique,
  sender       text not null,
  recipient    text not null,
  addressees   text[] not null,
  subject      text not null,
  text         text,
  html         text,
  headers      jsonb not null,
  sent_at      timestamptz not null
);
create index mail_by_recipient on weft.mail (lower(recipient), id);
create index mail_by_user on weft.mail (user_id, id) where user_id is not null;
create index mail_by_time on weft.mail (sent_at);

create table weft.mail_receipt (
  message_id text primary key,
  sent_at    timestamptz not null
);
create index mail_receipt_by_time on weft.mail_receipt (sent_at);

-- The addresses whose mail the caller may read. The engine knows no addresses; a product that has accounts replaces this.
create function weft.caller_addresses() returns text[]
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select '{}'::text[] $$;

grant select, insert, delete on weft.mail, weft.mail_receipt to weft_engine;
grant select on weft.mail to weft_app;

alter table weft.mail enable row level security;
alter table weft.mail force row level security;
alter table weft.mail_receipt enable row level security;
alter table weft.mail_receipt force row level security;

create policy owner_all on weft.mail to weft_admin using (true) with check (true);
create policy engine_all on weft.mail to weft_engine using (true) with check (true);
create policy owner_all on weft.mail_receipt to weft_admin using (true) with check (true);
create policy engine_all on weft.mail_receipt to weft_engine using (true) with check (true);

-- One's own mail only: neither the run's workspace nor whoever started the run reads what went to somebody else.
create policy app_reads on weft.mail for select to weft_app using (
  user_id = (select weft.caller_user_id()) or lower(recipient) = any ((select weft.caller_addresses())::text[]) or (select weft.caller_is_operator()));
