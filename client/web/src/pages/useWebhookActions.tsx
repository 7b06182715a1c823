// What can be done with a webhook from its menu, with the windows that this opens.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { api } from "../api/api";
import type { Webhook } from "../api/generated/determined/webhook/v1/webhook";
import { refresh } from "../api/queries";
import { texts } from "../texts";
import { focusContentOnceLost } from "../ui/focus";
import type { MenuEntry } from "../ui/Menu";
import { copyText, toastError, toastSuccess } from "../ui/toasts";
import { DeleteDialog } from "./DeleteDialog";
import { TestDialog } from "./TestDialog";

export interface WebhookActions {
  entries: (webhook: Webhook, canEdit: boolean) => MenuEntry[];
  test: (webhook: Webhook) => void;
  setDisabled: (webhook: Webhook, disabled: boolean) => void;
  dialogs: ReactNode;
}

// `onDeleted` runs after a webhook is deleted.
export function useWebhookActions(onDeleted?: () => void): WebhookActions {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<{ what: "test" | "delete"; webhook: Webhook }>();
  const close = (): void => setOpen(undefined);

  const change = useMutation({
    mutationFn: ({ webhook, disabled }: { webhook: Webhook; disabled: boolean }) =>
      api.patchWebhook(webhook.id, { disabled }),
    onSuccess: async (_, { webhook, disabled }) => {
      focusContentOnceLost(); // the button that enables goes
      await refresh(queryClient);
      toastSuccess((disabled ? texts.toasts.disabled : texts.toasts.enabled)(webhook.name));
    },
    onError: (error, { webhook }) => toastError(texts.toasts.enableFailed(webhook.name), error),
  });
  const setDisabled = (webhook: Webhook, disabled: boolean): void =>
    change.mutate({ webhook, disabled });
  const test = (webhook: Webhook): void => setOpen({ what: "test", webhook });

  const entries = (webhook: Webhook, canEdit: boolean): MenuEntry[] => {
    const { actions } = texts;
    const shared: MenuEntry[] = [
      {
        id: "copy",
        label: actions.copyName,
        icon: "copy",
        onSelect: () => void copyText(webhook.name, texts.toasts.nameCopied(webhook.name)),
      },
    ];
    if (!canEdit) return shared;
    return [
      ...shared,
      { id: "test", label: actions.test, icon: "send", onSelect: () => test(webhook) },
      {
        id: "edit",
        label: actions.edit,
        icon: "edit",
        onSelect: () =>
          void navigate({ to: "/webhooks/$webhookId/edit", params: { webhookId: webhook.id } }),
      },
      webhook.disabled
        ? {
            id: "enable",
            label: actions.enable,
            icon: "check",
            onSelect: () => setDisabled(webhook, false),
          }
        : {
            id: "disable",
            label: actions.disable,
            icon: "pause",
            onSelect: () => setDisabled(webhook, true),
          },
      {
        id: "delete",
        label: actions.delete,
        icon: "trash",
        danger: true,
        onSelect: () => setOpen({ what: "delete", webhook }),
      },
    ];
  };

  const dialogs = (
    <>
      {open?.what === "test" && <TestDialog webhook={open.webhook} onClose={close} />}
      {open?.what === "delete" && (
        <DeleteDialog webhook={open.webhook} onClose={close} onDeleted={onDeleted} />
      )}
    </>
  );
  return { entries, test, setDisabled, dialogs };
}
