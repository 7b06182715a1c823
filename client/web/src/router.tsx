import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "./api/http";
import {
  parseSearch,
  safeReturn,
  stringifySearch,
  validateDeliverySearch,
  validateListSearch,
} from "./lib/search";
import { LoginPage } from "./pages/LoginPage";
import { NotFound, Shell } from "./pages/Shell";
import { WebhooksPage } from "./pages/WebhooksPage";
import { Toasts } from "./ui/toasts";

const root = createRootRoute({
  component: () => (
    <>
      <Outlet />
      <Toasts />
    </>
  ),
  notFoundComponent: NotFound,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/webhooks", replace: true });
  },
});

export const loginRoute = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string | undefined } => ({
    next: safeReturn(search.next),
  }),
  component: LoginPage,
});

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

export const listRoute = createRoute({
  getParentRoute: () => shell,
  path: "/webhooks",
  validateSearch: validateListSearch,
  component: WebhooksPage,
});

export const newRoute = createRoute({
  getParentRoute: () => shell,
  path: "/webhooks/new",
  component: lazyRouteComponent(() => import("./pages/WebhookFormPage"), "NewWebhookPage"),
});

const parseId = (text: string): number => (/^\d+$/.test(text) ? Number(text) : 0);

export const webhookRoute = createRoute({
  getParentRoute: () => shell,
  path: "/webhooks/$webhookId",
  params: {
    parse: ({ webhookId }: { webhookId: string }) => ({ webhookId: parseId(webhookId) }),
    stringify: ({ webhookId }: { webhookId: number }) => ({ webhookId: String(webhookId) }),
  },
  validateSearch: validateDeliverySearch,
  component: lazyRouteComponent(() => import("./pages/WebhookPage"), "WebhookPage"),
});

export const deliveryRoute = createRoute({
  getParentRoute: () => webhookRoute,
  path: "/deliveries/$deliveryId",
  component: lazyRouteComponent(() => import("./pages/DeliveryPanel"), "DeliveryPanel"),
});

export const editRoute = createRoute({
  getParentRoute: () => shell,
  path: "/webhooks/$webhookId/edit",
  params: {
    parse: ({ webhookId }: { webhookId: string }) => ({ webhookId: parseId(webhookId) }),
    stringify: ({ webhookId }: { webhookId: number }) => ({ webhookId: String(webhookId) }),
  },
  component: lazyRouteComponent(() => import("./pages/WebhookFormPage"), "EditWebhookPage"),
});

const routeTree = root.addChildren([
  home,
  loginRoute,
  shell.addChildren([listRoute, newRoute, webhookRoute.addChildren([deliveryRoute]), editRoute]),
]);

function create(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: "/det",
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: "intent", // the code of a page, when a link to it is pointed at
    scrollRestoration: true,
    trailingSlash: "never",
  });
}

export type PageRouter = ReturnType<typeof create>;

declare module "@tanstack/react-router" {
  interface Register {
    router: PageRouter;
  }
}

export const createPageRouter: (queryClient: QueryClient) => PageRouter = create;

// A session that ended leads to signing in, and from there back to where one was.
export function sendToSignInWhenRefused(queryClient: QueryClient, router: PageRouter): void {
  const onError = (error: unknown): void => {
    if (!(error instanceof ApiError) || error.status !== 401) return;
    if (router.state.location.pathname === "/login" || router.latestLocation.pathname === "/login")
      return;
    const next = safeReturn(`/det${router.latestLocation.href}`.replace(/^\/det\/det\//, "/det/"));
    queryClient.clear();
    void router.navigate({ to: "/login", search: { next } });
  };
  queryClient.getQueryCache().config.onError = onError;
  queryClient.getMutationCache().config.onError = onError;
}
