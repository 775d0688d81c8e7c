-- Removes the demonstration world in one act: its people (told by the domain of their mail addresses), and everything that
-- exists only because of them, their runs and mails included.

create function hiring.remove_demo() returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
    declare
        people uuid[];
        workspaces uuid[];
        runs uuid[];
    begin
        if not weft.caller_is_operator() then
            raise exception 'only an operator may remove the demonstration' using errcode = 'insufficient_privilege';
        end if;
        select coalesce(array_agg(id), '{}'), coalesce(array_agg(workspace_id), '{}') into people, workspaces
          from auth."user" where email like '%@demo.example';
        select coalesce(array_agg(id), '{}') into runs from weft.run where user_id = any (people) or workspace_id = any (workspaces);

        delete from weft.queue where run_id = any (runs);
        delete from weft.timer where run_id = any (runs);
        delete from weft.run_state where run_id = any (runs);
        delete from weft.log where run_id = any (runs);
        delete from weft.step where run_id = any (runs);
        delete from weft.run_event where run_id = any (runs);
        delete from weft.run_end where run_id = any (runs);
        delete from weft.run where id = any (runs);
        delete from weft.mail where run_id = any (runs);

        delete from hiring.position where workspace_id = any (workspaces);
        delete from auth."user" where id = any (people);
        delete from auth.workspace where id = any (workspaces);
        return cardinality(people);
    end $$;
revoke all on function hiring.remove_demo() from public;
grant execute on function hiring.remove_demo() to weft_app;
