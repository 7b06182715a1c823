// One attempt: what was sent, what came back, and how its signature is verified.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Attempt } from "../api/generated/webhookd/v1/delivery";
import { usePermissions } from "../api/permissions";
import { queries } from "../api/queries";
import { formatBytes, prettyJson, utf8Bytes } from "../lib/format";
import { shellCommand, signedText } from "../lib/signature";
import { texts } from "../texts";
import { Code, CopyButton } from "./bits";
import { Button } from "./Button";

interface Props {
  attempt: Attempt;
  body: string;
  // Where the signing key comes from, if the server said so.
  keySource?: string;
}

function headerOf(attempt: Attempt, name: string): string | undefined {
  return attempt.requestHeaders.find((header) => header.name === name)?.value;
}

const timestampHeader = "X-Determined-AI-Signature-Timestamp";
const signatureHeader = "X-Determined-AI-Signature";

export function RequestView({ attempt, body }: Props) {
  return (
    <>
      <p className="request-line">
        <span className="method">POST</span> <span className="break">{attempt.url}</span>
      </p>
      {attempt.requestHeaders.length === 0 && (
        <p className="muted">{texts.delivery.headersNotKept}</p>
      )}
      <dl className="headers" aria-label={texts.test.headers}>
        {attempt.requestHeaders.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="code-title">
        {texts.test.body} <span className="muted numbers">{formatBytes(utf8Bytes(body))}</span>
      </p>
      <Code label={texts.test.body} text={prettyJson(body)} copied={body} />
    </>
  );
}

export function ResponseView({ attempt }: { attempt: Attempt }) {
  if (attempt.status === 0) return <p className="muted">{texts.test.noBody}</p>;
  if (attempt.responseExcerpt === "") return <p className="muted">{texts.test.emptyAnswer}</p>;
  return <Code label={texts.delivery.response} text={attempt.responseExcerpt} />;
}

function signingKey(config: Record<string, unknown> | undefined): string | undefined {
  const webhooks = config?.webhooks as Record<string, unknown> | undefined;
  const key = webhooks?.signing_key ?? webhooks?.signingKey;
  return typeof key === "string" && key !== "" ? key : undefined;
}

export function SignatureView({ attempt, body, keySource }: Props) {
  const { canSeeConfig } = usePermissions();
  const config = useQuery({ ...queries.masterConfig(), enabled: canSeeConfig });
  const key = signingKey(config.data?.config);
  const [shown, setShown] = useState(false);
  const timestamp = headerOf(attempt, timestampHeader) ?? "";
  const signature = headerOf(attempt, signatureHeader) ?? "";
  const command = shellCommand(timestamp, body);
  const words = texts.signature;
  if (signature === "") return <p className="muted">{texts.delivery.headersNotKept}</p>;
  return (
    <>
      <p className="muted">{words.intro}</p>
      <dl className="facts facts-wide">
        <dt>{words.timestamp}</dt>
        <dd>
          <code>{timestamp}</code>
          <span className="muted">{timestampHeader}</span>
        </dd>
        <dt>{words.signed}</dt>
        <dd>
          <code className="clip">
            <mark>{timestamp},</mark>
            {body}
          </code>
          <CopyButton text={signedText(timestamp, body)} label={words.signed} />
        </dd>
        <dt>{words.algorithm}</dt>
        <dd>
          <code className="break">{signature}</code>
          <span className="muted">
            {signatureHeader}: {words.formula}
          </span>
        </dd>
        <dt>{words.keySource}</dt>
        <dd>
          {key !== undefined && (
            <p className="key">
              <code className="break">{shown ? key : words.keyMasked}</code>
              <Button small onClick={() => setShown(!shown)} aria-pressed={shown}>
                {shown ? words.hideKey : words.showKey}
              </Button>
              {shown && <CopyButton text={key} label={words.keySource} />}
            </p>
          )}
          <span className="muted">{keySource ? words.keyFrom(keySource) : words.keyWhere}</span>
        </dd>
      </dl>
      <p className="code-title">{words.command}</p>
      <Code label={words.command} text={command} />
      <p className="muted">{words.note}</p>
    </>
  );
}
