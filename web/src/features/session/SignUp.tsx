import { Alert, Button, Group, PasswordInput, Radio, Stack, TextInput } from "@mantine/core";
import { hasLength, isEmail, isNotEmpty, useForm } from "@mantine/form";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, body } from "@/lib/api";
import { fieldErrors } from "@/lib/forms";
import type { Role, User } from "@/lib/model";
import { begin } from "@/lib/session";
import classes from "./Doorway.module.css";
import { Doorway } from "./Doorway";

interface SignUpProps {
  redirect?: string;
  onSignedUp: (user: User) => void;
}

const roles: { value: Role; label: string; description: string }[] = [
  { value: "job_seeker", label: "I look for work", description: "Upload a CV, see matching positions, apply." },
  { value: "recruiter", label: "I hire", description: "Post positions, see ranked candidates." },
];

const fields = ["name", "email", "password", "role"];

export function SignUp({ redirect, onSignedUp }: SignUpProps) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: "", email: "", password: "", role: "job_seeker" as Role },
    validate: {
      name: isNotEmpty("Enter your name."),
      email: isEmail("Enter an e-mail address, like ana@example.org."),
      password: hasLength({ min: 8 }, "Use at least 8 characters."),
    },
  });
  const signUp = useMutation({
    mutationFn: (values: typeof form.values) => body(api.POST("/api/auth/sign-up", { body: values })),
    onSuccess: (user) => {
      begin(client, user);
      onSignedUp(user);
    },
    onError: (error) => form.setErrors(fieldErrors(error, fields).byField),
  });
  // When every complaint stands at its field, a summary above would only repeat them.
  const unplaced = signUp.isError && Object.keys(fieldErrors(signUp.error, fields).byField).length === 0;
  return (
    <Doorway
      title="Create an account"
      other={
        <>
          Been here before?{" "}
          <Link className={classes.link} to="/sign-in" search={{ redirect }}>
            Sign in
          </Link>
        </>
      }
    >
      <form onSubmit={form.onSubmit((values) => signUp.mutate(values))} noValidate>
        <Stack>
          {unplaced && (
            <Alert color="red" variant="light" icon={<IconAlertTriangle />} role="alert">
              {signUp.error?.message}
            </Alert>
          )}
          <Radio.Group label="What brings you here?" {...form.getInputProps("role")}>
            <Group mt={6} gap="sm" align="stretch" wrap="wrap">
              {roles.map((role) => (
                <Radio.Card key={role.value} value={role.value} className={classes.role} aria-label={`${role.label}. ${role.description}`}>
                  <Radio.Indicator />
                  <span>
                    <b>{role.label}</b>
                    <span className={classes.roleWords}>{role.description}</span>
                  </span>
                </Radio.Card>
              ))}
            </Group>
          </Radio.Group>
          <TextInput label="Name" autoComplete="name" required withAsterisk={false} {...form.getInputProps("name")} />
          <TextInput label="E-mail" type="email" autoComplete="username" required withAsterisk={false} {...form.getInputProps("email")} />
          <PasswordInput
            label="Password"
            description="At least 8 characters."
            autoComplete="new-password"
            required
            withAsterisk={false}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={signUp.isPending}>
            Create account
          </Button>
        </Stack>
      </form>
    </Doorway>
  );
}
