-- What all migrations add up to, printed from the catalogue of a migrated database.
-- A test holds it against one; `weft migrate --print-schema` writes it anew.



-- Schema weft

create schema weft;

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
