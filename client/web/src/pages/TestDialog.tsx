import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../api/api";
import type { Webhook } from "../api/generated/determined/webhook/v1/webhook";
import { refresh } from "../api/queries";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { TestResult } from "../ui/TestResult";

// Sends a test at once and shows how it ended.
export function TestDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const queryClient = useQueryClient();
  const test = useMutation({
    mutationFn: (signal: { canceled: boolean }) =>
      // A component that is shown twice at once, as React does to find faults, must not send twice.
      Promise.resolve().then(() => (signal.canceled ? undefined : api.testWebhook(webhook.id))),
    onSettled: () => refresh(queryClient),
  });
  const { mutate } = test;
  useEffect(() => {
    const signal = { canceled: false };
    mutate(signal);
    return () => {
      signal.canceled = true;
    };
  }, [mutate]);
  return (
    <Dialog
      wide
      title={texts.test.title(webhook.name)}
      onClose={onClose}
      footer={
        <>
          <Button busy={test.isPending} icon="redo" onClick={() => mutate({ canceled: false })}>
            {texts.test.again}
          </Button>
          <Button look="primary" onClick={onClose}>
            {texts.close}
          </Button>
        </>
      }
    >
      <TestResult
        pending={test.isPending || (test.isSuccess && test.data === undefined)}
        error={test.error}
        result={test.data}
      />
    </Dialog>
  );
}
