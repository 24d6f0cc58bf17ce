/**
 * Whether the output has the answer that a page shows: each of its lines, in order, at any place. `…` stands for anything, and
 * white space does not count, since pages break lines of JSON where they like.
 */
export const hasAnswer = (output: string, answer: string): boolean => {
  const pattern = answer
    .trim()
    .split("…")
    .map((part) => part.replaceAll(/\s+/g, "").replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"))
    .join("[^]*?")
  return new RegExp(pattern).test(output.replaceAll(/\s+/g, ""))
}
