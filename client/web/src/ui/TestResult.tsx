// How a test ended: the verdict first, then everything needed to mend what failed.
import type { TryWebhookResponse } from "../api/generated/webhookd/v1/delivery";
import { durationMs, formatDuration } from "../lib/format";
import { adviceFor, answerLabel } from "../lib/outcome";
import { texts } from "../texts";
import { RequestView, ResponseView, SignatureView } from "./Exchange";
import { Icon } from "./Icon";
import { errorText } from "./toasts";

const words = texts.test;

interface Props {
  pending: boolean;
  error: unknown;
  result: TryWebhookResponse | undefined;
}

export function TestResult({ pending, error, result }: Props) {
  return (
    <div className="test-result">
      <div aria-live="assertive">
        {pending && (
          <p className="callout callout-busy">
            <span className="spinner" aria-hidden="true" />
            {words.sending}
          </p>
        )}
        {!pending && error != null && (
          <div className="callout callout-danger">
            <Icon name="warning" />
            <div>
              <strong>{words.notSent}</strong>
              <p>{errorText(error)}</p>
            </div>
          </div>
        )}
        {!pending && result && <Verdict result={result} />}
      </div>
      {!pending && result?.attempt && <Details result={result} />}
    </div>
  );
}

function Verdict({ result: { completed, attempt } }: { result: NonNullable<Props["result"]> }) {
  const advice = completed || !attempt ? undefined : adviceFor(attempt.errorClass);
  return (
    <div className={completed ? "callout callout-success" : "callout callout-danger"}>
      <Icon name={completed ? "check" : "cross"} />
      <div>
        <strong>{completed ? words.succeeded : words.failed}</strong>
        {attempt && (
          <p className="numbers">
            {[
              answerLabel(attempt.status),
              words.took(formatDuration(durationMs(attempt.duration))),
              attempt.remoteAddress && words.to(attempt.remoteAddress),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
        )}
        {advice && attempt && (
          <>
            <p>
              {advice.meaning}
              {attempt.errorMessage && `: ${attempt.errorMessage}`}
            </p>
            <p>{advice.whatToDo}</p>
          </>
        )}
      </div>
    </div>
  );
}

function Details({ result }: { result: NonNullable<Props["result"]> }) {
  const attempt = result.attempt!;
  const body = result.requestBody ?? "";
  return (
    <>
      <section>
        <h3>{words.cameBack}</h3>
        <ResponseView attempt={attempt} />
      </section>
      <section>
        <h3>{words.sent}</h3>
        <RequestView attempt={attempt} body={body} />
      </section>
      <details>
        <summary>{texts.signature.title}</summary>
        <SignatureView attempt={attempt} body={body} keySource={result.signingKeySource} />
      </details>
    </>
  );
}
