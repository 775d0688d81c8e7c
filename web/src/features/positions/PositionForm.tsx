import { Autocomplete, Button, Group, NumberInput, Select, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import "@mantine/dates/styles.layer.css";
import { isNotEmpty, useForm } from "@mantine/form";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, body } from "@/lib/api";
import { useDraft } from "@/lib/draft";
import { fieldErrors } from "@/lib/forms";
import { remotes, type Position, type PositionDraft } from "@/lib/model";
import { Page } from "@/ui/Page";
import { Failure } from "@/ui/States";
import classes from "./PositionForm.module.css";
import { employmentTypes, inWords, salaryPeriods } from "./words";

interface Values {
  title: string;
  company: string;
  description: string;
  required_skills: string[];
  department: string;
  employment_type: string | null;
  location: string;
  remote: string;
  salary_min: number | "";
  salary_max: number | "";
  salary_currency: string;
  salary_period: string | null;
  starts_on: string | null;
  ends_on: string | null;
}

const blank: Values = {
  title: "",
  company: "",
  description: "",
  required_skills: [],
  department: "",
  employment_type: "full_time",
  location: "",
  remote: "hybrid",
  salary_min: "",
  salary_max: "",
  salary_currency: "EUR",
  salary_period: "year",
  starts_on: null,
  ends_on: null,
};

const fields = Object.keys(blank);

const valuesOf = (position: Position): Values => ({
  title: position.title,
  company: position.company_name ?? "",
  description: position.description,
  required_skills: position.required_skills,
  department: position.department ?? "",
  employment_type: position.employment_type ?? null,
  location: position.location ?? "",
  remote: position.remote,
  salary_min: position.salary_min ?? "",
  salary_max: position.salary_max ?? "",
  salary_currency: position.salary_currency ?? "EUR",
  salary_period: position.salary_period ?? null,
  starts_on: position.starts_on ?? null,
  ends_on: position.ends_on ?? null,
});

function draftOf(values: Values): PositionDraft {
  const paid = values.salary_min !== "" || values.salary_max !== "";
  return {
    title: values.title.trim(),
    description: values.description.trim(),
    required_skills: values.required_skills,
    department: values.department.trim() || null,
    employment_type: values.employment_type,
    location: values.location.trim() || null,
    remote: values.remote,
    salary_min: values.salary_min === "" ? null : values.salary_min,
    salary_max: values.salary_max === "" ? null : values.salary_max,
    salary_currency: paid ? values.salary_currency : null,
    salary_period: paid ? values.salary_period : null,
    starts_on: values.starts_on,
    ends_on: values.ends_on,
  };
}

const companiesQuery = queryOptions({
  queryKey: ["companies", "names"],
  queryFn: ({ signal }) => body(api.GET("/api/companies", { params: { query: { ours: true, limit: 200 } }, signal })),
});

/** The company of that name, added when the workspace has none; no name, no company. */
async function companyOf(name: string, known: readonly { id: string; name: string }[]): Promise<string | null> {
  const wanted = name.trim();
  if (wanted === "") return null;
  const found = known.find((company) => company.name.toLowerCase() === wanted.toLowerCase());
  return (found ?? (await body(api.POST("/api/companies", { body: { name: wanted, website: null, careers_url: null, industry: null, location: null } })))).id;
}

export function PositionForm({ position }: { position?: Position }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const companies = useQuery(companiesQuery).data?.items ?? [];
  const { draft, keep } = useDraft<Values>(position ? `position-${position.id}` : "position-new");
  const form = useForm<Values>({
    initialValues: draft ?? (position ? valuesOf(position) : blank),
    onValuesChange: keep,
    validate: {
      title: isNotEmpty("Give the position a title."),
      description: isNotEmpty("Describe the work in a few sentences."),
      salary_max: (most, { salary_min: least }) => (most !== "" && least !== "" && most < least ? "This is less than the lower end." : null),
      ends_on: (end, { starts_on: start }) => (end && start && end < start ? "This is before the start." : null),
    },
  });
  const save = useMutation({
    mutationFn: async (values: Values) => {
      const draft = { ...draftOf(values), company_id: await companyOf(values.company, companies) };
      return position ? body(api.PATCH("/api/positions/{id}", { params: { path: { id: position.id } }, body: draft })) : body(api.POST("/api/positions", { body: draft }));
    },
    onSuccess: async (saved) => {
      keep(null);
      await Promise.all([client.invalidateQueries({ queryKey: ["positions"] }), client.invalidateQueries({ queryKey: ["companies"] })]);
      await navigate({ to: "/positions/$id", params: { id: saved.id } });
    },
    onError: (error) => form.setErrors(fieldErrors(error, fields).byField),
  });

  return (
    <Page
      title={position ? `Edit ${position.title}` : "Post a position"}
      state={position ? null : "People whose skills and dates fit are found and told at once."}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate className={classes.form}>
        <Stack>
          <TextInput label="Title" placeholder="Backend engineer, payments" required withAsterisk={false} maxLength={200} {...form.getInputProps("title")} />
          <Autocomplete
            label="Company"
            description="One of yours, or a new name."
            data={[...new Set(companies.map((company) => company.name))]}
            maxLength={200}
            {...form.getInputProps("company")}
          />
          <Textarea
            label="Description"
            description="What the work is, with whom, and what helps. A line that begins with a dash becomes a list."
            autosize
            minRows={6}
            maxRows={24}
            required
            withAsterisk={false}
            {...form.getInputProps("description")}
          />
          <TagsInput
            label="Required skills"
            description="One each, then Enter. Candidates are found by these."
            splitChars={[",", ";"]}
            acceptValueOnBlur
            {...form.getInputProps("required_skills")}
          />
          <div className={classes.row}>
            <TextInput label="Location" placeholder="Lisbon, Portugal" {...form.getInputProps("location")} />
            <Select
              label="Place of work"
              allowDeselect={false}
              data={remotes.map((remote) => ({ value: remote, label: inWords(remote) }))}
              {...form.getInputProps("remote")}
            />
          </div>
          <div className={classes.row}>
            <TextInput label="Department" {...form.getInputProps("department")} />
            <Select
              label="Kind of employment"
              clearable
              data={employmentTypes.map((value) => ({ value, label: inWords(value) }))}
              {...form.getInputProps("employment_type")}
            />
          </div>
          <fieldset className={classes.group}>
            <legend>Period</legend>
            <div className={classes.row}>
              <DatePickerInput label="From" placeholder="As soon as possible" clearable valueFormat="D MMM YYYY" {...form.getInputProps("starts_on")} />
              <DatePickerInput label="Until" placeholder="Without end" clearable valueFormat="D MMM YYYY" minDate={form.values.starts_on ?? undefined} {...form.getInputProps("ends_on")} />
            </div>
          </fieldset>
          <fieldset className={classes.group}>
            <legend>Salary</legend>
            <div className={classes.row}>
              <NumberInput label="From" min={0} thousandSeparator="," hideControls {...form.getInputProps("salary_min")} />
              <NumberInput label="To" min={0} thousandSeparator="," hideControls {...form.getInputProps("salary_max")} />
              <Select label="Currency" allowDeselect={false} searchable data={currencies} {...form.getInputProps("salary_currency")} />
              <Select label="Per" allowDeselect={false} data={salaryPeriods} {...form.getInputProps("salary_period")} />
            </div>
          </fieldset>
          {save.isError && <Failure error={save.error} fields={fields} />}
          <Group>
            <Button type="submit" loading={save.isPending}>
              {position ? "Save" : "Post the position"}
            </Button>
            <Button
              variant="subtle"
              color="gray"
              onClick={() => {
                keep(null);
                void (position ? navigate({ to: "/positions/$id", params: { id: position.id } }) : navigate({ to: "/positions" }));
              }}
            >
              Discard
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}

const currencies = ["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "CAD", "AUD", "INR", "JPY", "BRL"];
