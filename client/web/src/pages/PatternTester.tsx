// A regular expression and lines to try it on, judged by the server's own RE2 as one types.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api } from "../api/api";
import type { LineMatch } from "../api/generated/webhookd/v1/delivery";
import { splitByBytes } from "../lib/lineMatch";
import { useSettled } from "../lib/useSettled";
import { texts } from "../texts";
import { Field } from "../ui/bits";
import { Icon } from "../ui/Icon";
import { errorText } from "../ui/toasts";

const words = texts.form;
const settleMs = 200;
const maxLines = 200;

interface Props {
  regex: string;
  problem: string | undefined;
  onChange: (regex: string) => void;
}

export function PatternTester({ regex, problem, onChange }: Props) {
  const [sample, setSample] = useState("");
  const settledRegex = useSettled(regex, settleMs);
  const settledSample = useSettled(sample, settleMs);
  const lines = settledSample
    .split("\n")
    .filter((line) => line !== "")
    .slice(0, maxLines);
  const test = useQuery({
    queryKey: ["pattern", settledRegex, lines],
    queryFn: async ({ signal }) => ({
      lines,
      ...(await api.testPattern(settledRegex, lines, signal)),
    }),
    enabled: settledRegex !== "" && problem === undefined,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 10_000,
  });
  const wrong = regex === settledRegex && test.data?.error ? test.data.error : undefined;
  const resultId = useId();
  return (
    <>
      <Field label={words.regex} hint={words.regexHint} problem={problem ?? wrong}>
        {(attributes) => (
          <input
            {...attributes}
            className="mono"
            value={regex}
            placeholder="CUDA out of memory"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      <Field label={words.sample} optional hint={words.sampleHint}>
        {(attributes) => (
          <textarea
            {...attributes}
            className="mono"
            rows={3}
            value={sample}
            placeholder={words.samplePlaceholder}
            spellCheck={false}
            onChange={(event) => setSample(event.target.value)}
          />
        )}
      </Field>
      {test.isError && (
        <p className="field-problem">
          <Icon name="warning" />
          {words.sampleUnavailable}: {errorText(test.error)}
        </p>
      )}
      {lines.length > 0 && test.data && test.data.results.length > 0 && regex !== "" && (
        <div className="matches">
          <p className="matches-count numbers" role="status" id={resultId}>
            {words.sampleResult(
              test.data.results.filter(({ matches }) => matches).length,
              test.data.results.length,
            )}
          </p>
          <ol aria-labelledby={resultId} className="mono">
            {test.data.results.map((result, index) => (
              <Line key={index} line={test.data.lines[index] ?? ""} result={result} />
            ))}
          </ol>
        </div>
      )}
    </>
  );
}

function Line({ line, result }: { line: string; result: LineMatch }) {
  const meaning = result.configLine
    ? words.sampleConfigLine
    : result.matches
      ? words.sampleMatch
      : words.sampleNoMatch;
  const [before, match, after] = result.matches
    ? splitByBytes(line, result.begin, result.end)
    : [line, "", ""];
  const fires = result.matches && !result.configLine;
  return (
    <li className={fires ? "match-yes" : "match-no"}>
      <Icon name={fires ? "check" : result.configLine ? "warning" : "dash"} />
      <span className="visually-hidden">{meaning}: </span>
      <span className="match-line">
        {before}
        {match && <mark>{match}</mark>}
        {after}
        {result.configLine && <span className="field-hint"> ({meaning})</span>}
      </span>
    </li>
  );
}
