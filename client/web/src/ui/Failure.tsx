import { ApiError } from "../api/http";
import { texts } from "../texts";
import { Button } from "./Button";
import { Notice } from "./bits";
import { errorText } from "./toasts";

// What a page shows when its data cannot be had: why, and what to do.
export function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 403) {
    return (
      <Notice icon="lock" title={texts.noPermission.title}>
        <p>{error.message}</p>
        <p>{texts.noPermission.hint}</p>
      </Notice>
    );
  }
  return (
    <Notice icon="warning" title={texts.failedToLoad}>
      <p>{errorText(error)}</p>
      <Button onClick={onRetry}>{texts.retry}</Button>
    </Notice>
  );
}
