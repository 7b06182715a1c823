// Matches of a pattern in lines, as the server's RE2 gives them: in bytes of UTF-8.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// What lies before, in and after bytes `begin` to `end` of a line.
export function splitByBytes(line: string, begin: number, end: number): [string, string, string] {
  const bytes = encoder.encode(line);
  return [
    decoder.decode(bytes.slice(0, begin)),
    decoder.decode(bytes.slice(begin, end)),
    decoder.decode(bytes.slice(end)),
  ];
}
