import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api } from "../api/api";
import { queries } from "../api/queries";
import { texts } from "../texts";
import { Field } from "../ui/bits";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { errorText } from "../ui/toasts";
import { Logo, useTitle } from "./Shell";

export function LoginPage() {
  useTitle(texts.login.title);
  const { next } = useSearch({ from: "/login" });
  const router = useRouter();
  const queryClient = useQueryClient();
  const { data: master } = useQuery(queries.master());
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [missing, setMissing] = useState(false);
  const usernameInput = useRef<HTMLInputElement>(null);
  useEffect(() => usernameInput.current?.focus(), []);

  const login = useMutation({
    mutationFn: () => api.login(username, password),
    onSuccess: ({ user }) => {
      queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "master" });
      if (user) queryClient.setQueryData(queries.me().queryKey, user);
      router.history.replace(next ?? "/det/webhooks");
    },
    onError: () => {
      setPassword("");
      usernameInput.current?.form?.querySelector<HTMLInputElement>("[type=password]")?.focus();
    },
  });

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setMissing(username === "");
    if (username === "") usernameInput.current?.focus();
    else if (!login.isPending) login.mutate();
  };

  return (
    <main className="alone login">
      <form className="card" onSubmit={submit} noValidate>
        <div className="login-head">
          <Logo />
          <div>
            <h1>{texts.login.title}</h1>
            <p className="muted">{master?.clusterName || texts.product}</p>
          </div>
        </div>
        {next !== undefined && !login.isError && <p className="muted">{texts.login.expired}</p>}
        <div role="alert">
          {login.isError && (
            <p className="callout callout-danger">
              <Icon name="warning" />
              {errorText(login.error)}
            </p>
          )}
        </div>
        <Field
          label={texts.login.username}
          problem={missing && username === "" ? texts.login.missingUsername : undefined}
        >
          {(attributes) => (
            <input
              {...attributes}
              ref={usernameInput}
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
          )}
        </Field>
        <Field label={texts.login.password}>
          {(attributes) => (
            <input
              {...attributes}
              type="password"
              name="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary" busy={login.isPending}>
          {login.isPending ? texts.login.busy : texts.login.submit}
        </Button>
      </form>
    </main>
  );
}
