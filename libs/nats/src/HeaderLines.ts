/**
 * Headers in the form they have on the wire, `Name: value\r\n` each. The part that stays the same for a device is
 * rendered once and joined with the rest as text.
 */
export const headerLines = (headers: ReadonlyArray<readonly [name: string, value: string]>): string => {
  let lines = ""
  for (const [name, value] of headers) lines += `${name}: ${oneLine(value)}\r\n`
  return lines
}

/** A value that holds a line break would be more headers than the caller meant. */
export const oneLine = (value: string): string => (lineBreak.test(value) ? value.replace(/[\r\n]+/g, " ") : value)
const lineBreak = /[\r\n]/
