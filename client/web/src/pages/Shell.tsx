// What stands around every page but the one to sign in at.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { api } from "../api/api";
import { connection } from "../api/http";
import { queries } from "../api/queries";
import { texts } from "../texts";
import { Notice } from "../ui/bits";
import { ButtonLink } from "../ui/Button";
import { focusContentIfLost } from "../ui/focus";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { toastError } from "../ui/toasts";

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M9 10v7a4 4 0 0 0 8 0v-2a3 3 0 0 1 6 0v7" />
      <circle cx="9" cy="9" r="2.6" />
      <circle cx="23" cy="23" r="2.6" />
    </svg>
  );
}

// The title of the tab.
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
  }, [title]);
}

function Account() {
  const { data: me } = useQuery(queries.me());
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: api.logout,
    onSuccess: async () => {
      await navigate({ to: "/login" });
      queryClient.clear();
    },
    onError: (error) => toastError(texts.toasts.signOutFailed, error),
  });
  if (me === undefined) return null;
  const name = me.displayName || me.username;
  return (
    <Menu
      label={`${texts.nav.menu}: ${texts.nav.signedInAs(name)}`}
      entries={[
        { id: "out", label: texts.nav.signOut, icon: "arrow", onSelect: () => signOut.mutate() },
      ]}
    >
      <Icon name="user" />
      <span className="account-name">{name}</span>
    </Menu>
  );
}

export function Shell() {
  const pathname = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const shown = useRef<string>(undefined);
  useEffect(() => {
    if (shown.current !== undefined) focusContentIfLost();
    shown.current = pathname;
  }, [pathname]);
  const up = useSyncExternalStore(connection.subscribe, connection.isUp);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {texts.skipToContent}
      </a>
      <header className="side">
        <Link
          to="/webhooks"
          className="brand"
          activeOptions={{ exact: true }}
          aria-label={texts.product}
        >
          <Logo />
          <span>{texts.product}</span>
        </Link>
        <nav aria-label={texts.nav.label}>
          <Link to="/webhooks" className="nav-item" activeOptions={{ includeSearch: false }}>
            <Icon name="hook" />
            {texts.nav.webhooks}
          </Link>
        </nav>
        <div className="account">
          <Account />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <div className="offline" role="status">
          {!up && (
            <p>
              <Icon name="warning" />
              {texts.unreachable}
            </p>
          )}
        </div>
        <Outlet />
      </main>
    </div>
  );
}

export function NotFound() {
  useTitle(texts.notFound.title);
  return (
    <main className="alone">
      <Notice icon="search" title={texts.notFound.title} level={1}>
        <ButtonLink look="primary" to="/webhooks">
          {texts.notFound.back}
        </ButtonLink>
      </Notice>
    </main>
  );
}
