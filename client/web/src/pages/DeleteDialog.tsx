import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/api";
import type { Webhook } from "../api/generated/determined/webhook/v1/webhook";
import { refresh } from "../api/queries";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { focusContentOnceLost } from "../ui/focus";
import { toastError, toastSuccess } from "../ui/toasts";

interface Props {
  webhook: Webhook;
  onClose: () => void;
  onDeleted: (() => void) | undefined;
}

// Asks before it deletes, and tells what is lost.
export function DeleteDialog({ webhook, onClose, onDeleted }: Props) {
  const queryClient = useQueryClient();
  const waiting = useQuery({
    queryKey: ["waiting", webhook.id],
    queryFn: ({ signal }) => api.waitingDeliveries(webhook.id, signal),
    gcTime: 0,
  });
  const remove = useMutation({
    mutationFn: () => api.deleteWebhook(webhook.id),
    onSuccess: async (response) => {
      onClose();
      onDeleted?.();
      toastSuccess(texts.toasts.deleted(webhook.name, Number(response.canceledDeliveries ?? 0)));
      queryClient.removeQueries({ queryKey: ["webhook", webhook.id] });
      await refresh(queryClient);
      focusContentOnceLost();
    },
    onError: (error) => {
      onClose();
      toastError(texts.toasts.deleteFailed(webhook.name), error);
    },
  });
  return (
    <Dialog
      alert
      title={texts.remove.title}
      onClose={onClose}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            {remove.isPending ? texts.remove.busy : texts.remove.confirm}
          </Button>
        </>
      }
    >
      <p>{texts.remove.body(webhook.name)}</p>
      <p role="status">
        {waiting.isPending && texts.remove.counting}
        {waiting.isError && texts.remove.unknown}
        {waiting.isSuccess && texts.remove.waiting(waiting.data)}
      </p>
    </Dialog>
  );
}
