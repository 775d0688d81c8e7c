import { Button, Progress, Text } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, body, upload } from "@/lib/api";
import type { StoredFile } from "@/lib/model";
import { Failure } from "@/ui/States";
import { RunState } from "@/ui/Status";
import classes from "./CvUpload.module.css";
import { profilingRunQuery } from "./queries";

const accepted = ".pdf,.docx,.txt,application/pdf,application/vnd.openxmlformats-officedocument.wordprocessingml.document,text/plain";

/** Takes a CV by drop or choice, sends it, and follows the run that reads it into the profile. */
export function CvUpload({ first }: { first: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [part, setPart] = useState(0);
  const [run, setRun] = useState<string | null>(null);
  const send = useMutation({
    mutationFn: async (files: File[]) => {
      setRun(null);
      const stored: StoredFile[] = [];
      for (const [index, file] of files.entries()) {
        stored.push(await upload<StoredFile>("/api/files", file, (done) => setPart((index + done) / files.length)));
      }
      return body(api.POST("/api/profile/cv", { body: { file_ids: stored.map((file) => file.id) } }));
    },
    onMutate: () => setPart(0),
    onSuccess: (started) => setRun(started.run_id),
  });
  const take = (files: FileList | null) => {
    if (files && files.length > 0) send.mutate([...files]);
  };
  return (
    <div
      className={classes.zone}
      data-over={over || undefined}
      data-first={first || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
    >
      <input
        ref={field}
        id="cv-file"
        type="file"
        accept={accepted}
        multiple
        className="visually-hidden"
        aria-label="CV file"
        tabIndex={-1}
        onChange={(event) => {
          take(event.currentTarget.files);
          // So that the same file, corrected, can be chosen again.
          event.currentTarget.value = "";
        }}
      />
      <div className={classes.line}>
        <IconFileUpload size={20} stroke={1.6} aria-hidden />
        <div className={classes.words}>
          <Text fw={550}>{first ? "Upload your CV" : "Upload a newer CV"}</Text>
          <Text size="sm" c="dimmed">
            Drop a PDF, DOCX or TXT file here, or choose one. It is read into your profile; nothing is invented.
          </Text>
        </div>
        <Button variant={first ? "filled" : "default"} size="xs" loading={send.isPending} onClick={() => field.current?.click()}>
          Choose a file
        </Button>
      </div>
      {send.isPending && <Progress value={part * 100} aria-label="Upload progress" size="sm" transitionDuration={120} />}
      {send.isError && <Failure error={send.error} />}
      {run && <ProfilingRun id={run} />}
    </div>
  );
}

function ProfilingRun({ id }: { id: string }) {
  const client = useQueryClient();
  const { data: run } = useQuery(profilingRunQuery(id));
  const finished = run?.finished_at != null;
  useEffect(() => {
    if (finished) void client.invalidateQueries({ queryKey: ["profile"] });
  }, [finished, client]);
  if (!run) return null;
  const done = run.steps.filter((step) => step.status === "completed").length;
  return (
    <div className={classes.run} role="status">
      <RunState status={run.status} />
      <span>
        {run.status === "completed"
          ? "Your CV was read. Look over what was found."
          : run.status === "failed"
            ? `The CV could not be read: ${run.error?.message ?? "no reason was recorded"}`
            : `Reading your CV: ${done} of ${run.steps.length || "some"} steps done.`}
      </span>
      <Link to="/runs/$id" params={{ id }}>
        See the run
      </Link>
    </div>
  );
}
