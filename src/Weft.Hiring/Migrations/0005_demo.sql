-- Removes the demonstration world in one act: its people (told by the domain of their mail addresses), and everything that
-- exists only because of them. Runs and mails that they brought about for other people go too, since their links lead nowhere.

create function hiring.remove_demo() returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
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
    end $$;
revoke all on function hiring.remove_demo() from public;
grant execute on function hiring.remove_demo() to weft_app;
