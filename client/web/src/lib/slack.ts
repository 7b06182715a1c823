// A Slack message as its blocks say it, and Slack's markup taken apart for showing.

export interface SlackText {
  type: string;
  text: string;
}

export interface SlackBlock {
  type: string;
  text?: SlackText;
  fields?: SlackText[];
}

export interface SlackMessage {
  blocks?: SlackBlock[];
  attachments?: { color?: string; blocks?: SlackBlock[] }[];
}

export type Piece =
  | { kind: "text" | "bold" | "code" | "fence"; text: string }
  | { kind: "link"; text: string; url: string };

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

const markup = /```([\s\S]*?)```|`([^`\n]+)`|\*([^*\n]+)\*|<([^|>\s]+)(?:\|([^>]*))?>/g;

// The pieces of mrkdwn text, in order.
export function parseMarkup(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(markup)) {
    if (match.index > at)
      pieces.push({ kind: "text", text: unescape(text.slice(at, match.index)) });
    const [whole, fence, code, bold, url, label] = match;
    if (fence !== undefined) pieces.push({ kind: "fence", text: unescape(fence) });
    else if (code !== undefined) pieces.push({ kind: "code", text: unescape(code) });
    else if (bold !== undefined) pieces.push({ kind: "bold", text: unescape(bold) });
    else if (url !== undefined) {
      pieces.push({ kind: "link", text: unescape(label ?? url), url: unescape(url) });
    }
    at = match.index + whole.length;
  }
  if (at < text.length) pieces.push({ kind: "text", text: unescape(text.slice(at)) });
  return pieces;
}
