-- The engine's schema. Three kinds of table:
--   queue, timer, wait, slot, node   hot and small: what is to be done, and by whom; rows leave when the work is done
--   run, run_end, step, log, …       history: insert-only on the hot path, range-partitioned by the run's time-coded id
--   flow, flow_version, trigger, …   definitions: small and read-mostly
-- Why the shapes are what they are stands in docs/decisions/.

create schema if not exists weft;
grant usage on schema weft to weft_engine, weft_app, weft_flow;

-- Who a request acts for. Set per transaction by the host; never set means nobody. Every policy goes through these four.
create function weft.caller_user_id() returns uuid
  language sql stable parallel safe set search_path = pg_catalog
  as $$ select nullif(current_setting('weft.user_id', true), '')::uuid $$;

create function weft.caller_workspace_id() returns uuid
  language sql stable parallel safe set search_path = pg_catalog
  as $$ select nullif(current_setting('weft.workspace_id', true), '')::uuid $$;

-- The engine knows no members: the workspace that the host named is the caller's. A product that has memberships replaces
-- these two by look-ups of its own.
create function weft.caller_is_member(workspace uuid) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select workspace is not null and workspace = weft.caller_workspace_id() $$;

create function weft.caller_is_operator() returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select false $$;

-- Definitions -----------------------------------------------------------------------------------------------------------

create table weft.flow (
  id              uuid primary key,
  workspace_id    uuid,
  user_id         uuid,
  namespace       text not null,
  flow_id         text not null,
  description     text,
  current_version integer not null,
  disabled        boolean not null default false,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  constraint flow_name_key unique nulls not distinct (workspace_id, namespace, flow_id)
);
create index flow_by_name on weft.flow (namespace, flow_id);

create table weft.flow_version (
  id           bigint generated always as identity primary key,
  flow         uuid not null references weft.flow (id) on delete cascade,
  version      integer not null,
  source       text not null,
  content_hash text not null,
  created_by   uuid,
  created_at   timestamptz not null default now(),
  constraint flow_version_number_key unique (flow, version)
);

-- The triggers of the current version of each flow, as far as they must be found without compiling the flow.
create table weft.trigger (
  flow          uuid not null references weft.flow (id) on delete cascade,
  trigger_id    text not null,
  kind          text not null check (kind in ('webhook', 'schedule', 'row', 'flow', 'event')),
  table_name    text,
  operations    text[],
  key_hash      bytea,
  disabled      boolean not null default false,
  last_fired_at timestamptz,
  last_error    text,
  last_error_at timestamptz,
  primary key (flow, trigger_id),
  constraint trigger_row_has_table check (kind <> 'row' or table_name is not null),
  constraint trigger_webhook_has_key check (kind <> 'webhook' or key_hash is not null)
);
create index trigger_by_table on weft.trigger (table_name) where kind = 'row';

-- Who works ---------------------------------------------------------------------------------------------------------------

-- One row per process that registered; a new registration is a new row, so the id is the epoch that every write checks.
create table weft.node (
  id           integer generated always as identity primary key,
  name         text not null,
  process_id   integer not null,
  works        boolean not null,
  secret       bytea not null,
  started_at   timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  expires_at   timestamptz not null
);

create table weft.slot (
  id         smallint primary key,
  node       integer references weft.node (id) on delete set null,
  low_mark   uuid not null default '00000000-0000-0000-0000-000000000000'
);
create index slot_by_node on weft.slot (node);
insert into weft.slot (id) select generate_series(0, 15);

-- What is to be done: exactly the unfinished runs that are not parked. Read by position; never updated.
create table weft.queue (
  priority smallint not null,
  run_id   uuid not null,
  slot     smallint not null,
  primary key (priority, run_id) include (slot)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_threshold = -1);

-- Parked runs, by when they go on.
create table weft.timer (
  run_id   uuid primary key,
  due_at   timestamptz not null,
  slot     smallint not null,
  priority smallint not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index timer_by_due on weft.timer (due_at);

-- Steps that wait for an answer from outside, and answers (which may come before the step waits).
create table weft.wait (
  key        text not null,
  run_id     uuid not null,
  path       text not null,
  created_at timestamptz not null default now(),
  primary key (key, run_id, path)
);
create index wait_by_run on weft.wait (run_id);

create table weft.answer (
  key        text primary key,
  value      jsonb,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index answer_by_expiry on weft.answer (expires_at);

create table weft.cancel_request (
  run_id       uuid primary key,
  reason       text not null,
  requested_at timestamptz not null default now()
);

-- A start under a key already seen answers with the run it started then.
create table weft.idempotency (
  scope      text not null,
  key        text not null,
  run_id     uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (scope, key)
);
create index idempotency_by_expiry on weft.idempotency (expires_at);

-- Row changes on their way to the flows they start; written in the writer's own transaction.
create table weft.outbox (
  id           bigint generated always as identity primary key,
  table_name   text not null,
  operation    text not null check (operation in ('insert', 'update', 'delete')),
  new          jsonb,
  old          jsonb,
  created_at   timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- History -----------------------------------------------------------------------------------------------------------------

create table weft.run (
  id           uuid not null primary key,
  workspace_id uuid,
  user_id      uuid,
  flow_version bigint not null,
  namespace    text not null,
  flow_id      text not null,
  trigger      text not null,
  trigger_data jsonb,
  inputs       jsonb not null,
  masked       text[],
  labels       jsonb,
  parent_id    uuid,
  depth        smallint not null default 0,
  priority     smallint not null,
  max_retries  integer not null default 0,
  created_at   timestamptz not null
) partition by range (id);
create index run_by_workspace on weft.run (workspace_id, id) where workspace_id is not null;
create index run_by_user on weft.run (user_id, id) where user_id is not null;
create index run_by_flow on weft.run (namespace, flow_id, id);
create index run_by_parent on weft.run (parent_id) where parent_id is not null;

create table weft.run_end (
  run_id      uuid not null primary key,
  status      text not null check (status in ('completed', 'failed', 'cancelled')),
  outcome     text check (outcome in ('success', 'warning', 'failure')),
  started_at  timestamptz not null,
  ended_at    timestamptz not null,
  outputs     jsonb,
  error       jsonb,
  retry_count integer not null default 0,
  generation  integer not null default 0,
  constraint run_end_outcome_fits check (
    case status when 'completed' then outcome in ('success', 'warning') when 'failed' then outcome = 'failure' else outcome is null end)
) partition by range (run_id);
create index run_end_failed on weft.run_end (run_id) where status = 'failed';

-- Transitions that do not follow from the other tables: parked, retried by hand, ended before that.
create table weft.run_event (
  run_id      uuid not null,
  at          timestamptz not null,
  number      integer not null,
  from_status text not null,
  to_status   text not null,
  reason      text,
  primary key (run_id, at, number)
) partition by range (run_id);

-- One row per finished attempt. A row with a negative attempt is a marker of the attempt going on: what was decided or
-- awaited, recorded because a replay could not work it out again.
create table weft.step (
  run_id      uuid not null,
  path        text not null,
  attempt     integer not null,
  task_id     text not null,
  type        text not null,
  iteration   integer,
  status      text not null check (status in ('running', 'waiting', 'deferred', 'completed', 'failed', 'skipped', 'cancelled')),
  started_at  timestamptz not null,
  finished_at timestamptz,
  input       jsonb,
  output      jsonb,
  error       jsonb,
  primary key (run_id, path, attempt),
  constraint step_marker_is_unfinished check ((attempt < 0) = (status in ('running', 'waiting')))
) partition by range (run_id);

create table weft.log (
  run_id  uuid not null,
  id      uuid not null,
  path    text,
  attempt integer,
  at      timestamptz not null,
  level   text not null check (level in ('trace', 'debug', 'info', 'warn', 'error')),
  message text not null,
  primary key (run_id, id)
) partition by range (run_id);

-- Runs that are more than a moment old: written late, updated rarely, gone at the end.
create table weft.run_state (
  run_id        uuid primary key,
  status        text not null check (status in ('pending', 'running', 'paused', 'awaiting_retry')),
  current_step  text,
  started_at    timestamptz,
  next_retry_at timestamptz,
  retry_count   integer not null default 0,
  generation    integer not null default 0,
  updated_at    timestamptz not null default now()
);

-- Partitions ----------------------------------------------------------------------------------------------------------------

-- The smallest UUIDv7 of a moment.
create function weft.id_at(moment timestamptz) returns uuid
  language sql immutable parallel safe set search_path = pg_catalog
  as $$ select (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- Makes the monthly partitions from the month of the given moment on. Called by the engine ahead of time; the default
-- partitions only catch ids of a clock that is months off.
create function weft.make_partitions(from_moment timestamptz, months integer) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;

create table weft.run_default partition of weft.run default;
create table weft.run_end_default partition of weft.run_end default;
create table weft.run_event_default partition of weft.run_event default;
create table weft.step_default partition of weft.step default;
create table weft.log_default partition of weft.log default;
select weft.make_partitions(now(), 3);

-- Fence ---------------------------------------------------------------------------------------------------------------------

-- First statement of every transaction that writes a run's progress. The shared lock is held to the end of the transaction;
-- a rescue takes the exclusive one, so a write either commits before the rescue looks, or finds its node gone.
create function weft.hold_lease(node_id integer) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(873490, node_id);
  perform 1 from weft.node where id = node_id;
  if not found then
    raise exception 'node % has lost its lease', node_id using errcode = 'WF001';
  end if;
end $$;

-- Records a step inside the transaction of the statement that the step ran, also for a role that may write nothing here.
-- The proof is made by the engine from the node's secret, which that role cannot read; a recorded step cannot be recorded again.
create function weft.record_step(
  node_id integer, proof bytea, run uuid, step_path text, step_attempt integer, step_task text, step_type text,
  step_iteration integer, started timestamptz, finished timestamptz, step_input jsonb, step_output jsonb) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;

-- Row triggers --------------------------------------------------------------------------------------------------------------

create function weft.row_changed() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;

-- Called in a migration: from then on flows may have row triggers on the table. No workspace can put code into another's
-- write path, since what a flow says is evaluated later, by the engine.
create function weft.allow_row_trigger(target regclass) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('create or replace trigger weft_row_changed after insert or update or delete on %s for each row execute function weft.row_changed()', target);
end $$;

-- The tables that flows may listen to, by their full names.
create view weft.row_trigger_table with (security_invoker = true) as
  select n.nspname || '.' || c.relname as table_name
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where t.tgname = 'weft_row_changed' and not t.tgisinternal;

-- Rights --------------------------------------------------------------------------------------------------------------------

revoke execute on function weft.make_partitions(timestamptz, integer), weft.hold_lease(integer),
  weft.record_step(integer, bytea, uuid, text, integer, text, text, integer, timestamptz, timestamptz, jsonb, jsonb),
  weft.row_changed(), weft.allow_row_trigger(regclass) from public;
grant execute on function weft.make_partitions(timestamptz, integer), weft.hold_lease(integer) to weft_engine;
grant execute on function weft.record_step(integer, bytea, uuid, text, integer, text, text, integer, timestamptz, timestamptz, jsonb, jsonb)
  to weft_engine, weft_flow;

grant select, insert, update, delete on weft.flow, weft.flow_version, weft.trigger, weft.node, weft.slot, weft.queue, weft.timer,
  weft.wait, weft.answer, weft.cancel_request, weft.idempotency, weft.outbox, weft.run, weft.run_end, weft.run_event, weft.step,
  weft.log, weft.run_state to weft_engine;
grant select on weft.row_trigger_table to weft_engine, weft_app;
grant select on weft.flow, weft.flow_version, weft.run, weft.run_end, weft.run_event, weft.step, weft.log, weft.run_state to weft_app;
-- The key's hash stays out of sight; a node's secret too.
grant select (flow, trigger_id, kind, table_name, operations, disabled, last_fired_at, last_error, last_error_at) on weft.trigger to weft_app;
grant select (id, name, process_id, works, started_at, heartbeat_at, expires_at) on weft.node to weft_app;
grant select on weft.slot, weft.queue to weft_app;

do $$
declare
  name text;
begin
  for name in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname = 'weft' and c.relkind in ('r', 'p') and c.relname in
                ('flow', 'flow_version', 'trigger', 'node', 'slot', 'queue', 'timer', 'wait', 'answer', 'cancel_request', 'idempotency', 'outbox',
                 'run', 'run_end', 'run_event', 'step', 'log', 'run_state',
                 'run_default', 'run_end_default', 'run_event_default', 'step_default', 'log_default') loop
    execute format('alter table weft.%I enable row level security', name);
    execute format('alter table weft.%I force row level security', name);
    if name not like '%\_default' then
      execute format('create policy owner_all on weft.%I to weft_admin using (true) with check (true)', name);
      execute format('create policy engine_all on weft.%I to weft_engine using (true) with check (true)', name);
    end if;
  end loop;
end $$;

-- What people see: a run is its user's, its workspace's members' and the operators'; all that hangs on a run follows it.
create policy app_reads on weft.run for select to weft_app using (
  user_id = (select weft.caller_user_id()) or (select weft.caller_is_operator()) or weft.caller_is_member(workspace_id));
create policy app_reads on weft.run_end for select to weft_app using (exists (select 1 from weft.run r where r.id = run_id));
create policy app_reads on weft.run_event for select to weft_app using (exists (select 1 from weft.run r where r.id = run_id));
create policy app_reads on weft.run_state for select to weft_app using (exists (select 1 from weft.run r where r.id = run_id));
create policy app_reads on weft.step for select to weft_app using (exists (select 1 from weft.run r where r.id = run_id));
create policy app_reads on weft.log for select to weft_app using (exists (select 1 from weft.run r where r.id = run_id));

create policy app_reads on weft.flow for select to weft_app using (
  case when workspace_id is null then (select weft.caller_user_id()) is not null
       else (select weft.caller_is_operator()) or weft.caller_is_member(workspace_id) end);
create policy app_reads on weft.flow_version for select to weft_app using (exists (select 1 from weft.flow f where f.id = flow));
create policy app_reads on weft.trigger for select to weft_app using (exists (select 1 from weft.flow f where f.id = flow));

create policy app_reads on weft.node for select to weft_app using ((select weft.caller_is_operator()));
create policy app_reads on weft.slot for select to weft_app using ((select weft.caller_is_operator()));
create policy app_reads on weft.queue for select to weft_app using ((select weft.caller_is_operator()));
