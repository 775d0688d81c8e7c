import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { isEmail, isNotEmpty, useForm } from "@mantine/form";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, body } from "@/lib/api";
import { fieldErrors } from "@/lib/forms";
import type { User } from "@/lib/model";
import { begin } from "@/lib/session";
import { Doorway } from "./Doorway";
import classes from "./Doorway.module.css";

interface SignInProps {
  redirect?: string;
  onSignedIn: (user: User) => void;
}

export function SignIn({ redirect, onSignedIn }: SignInProps) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: { email: isEmail("Enter your e-mail address."), password: isNotEmpty("Enter your password.") },
  });
  const signIn = useMutation({
    mutationFn: (values: { email: string; password: string }) => body(api.POST("/api/auth/sign-in", { body: values })),
    onSuccess: (user) => {
      begin(client, user);
      onSignedIn(user);
    },
    onError: (error) => form.setErrors(fieldErrors(error, ["email", "password"]).byField),
  });
  return (
    <Doorway
      title="Sign in"
      other={
        <>
          New here?{" "}
          <Link className={classes.link} to="/sign-up" search={{ redirect }}>
            Create an account
          </Link>
        </>
      }
    >
      <form onSubmit={form.onSubmit((values) => signIn.mutate(values))} noValidate>
        <Stack>
          {signIn.isError && (
            <Alert color="red" variant="light" icon={<IconAlertTriangle />} role="alert">
              {signIn.error.message}
            </Alert>
          )}
          <TextInput label="E-mail" type="email" autoComplete="username" required withAsterisk={false} {...form.getInputProps("email")} />
          <PasswordInput label="Password" autoComplete="current-password" required withAsterisk={false} {...form.getInputProps("password")} />
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </Doorway>
  );
}
