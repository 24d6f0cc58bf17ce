import { parseJson } from "@roost/enos"

/** Stands before every name, so that whoever looks for a beginning finds it: three characters are the least that a trigram index finds. */
const beginning = "\n\n"

/** Of a part that is shorter, only beginnings are found. */
const anywhereMin = 3

/** Characters of a device's text that can be found: its tags may be 100 of 300. */
const textLengthMax = 8_192

/** The text of a device that is searched: key, name and tags, in lower case. `tags` are names and values. */
export const deviceText = (
  deviceKey: string,
  deviceName: string,
  tags: ReadonlyArray<readonly [name: string, value: string]>
): string =>
  [
    ...new Set([
      deviceKey,
      deviceName,
      ...tags.map(([name, value]) => `${name}=${value}`),
      ...tags.map(([, value]) => value)
    ])
  ]
    .map((name) => beginning + name.toLowerCase())
    .join("")
    .slice(0, textLengthMax)

/** The part to look for in such texts. */
export const soughtText = (part: string): string => {
  const lower = part.toLowerCase()
  return [...part].length < anywhereMin ? beginning + lower : lower
}

/** Names and values of tags, by name, of lines that have a name, `=` and the value in JSON. */
export const tagsOf = (lines: unknown): ReadonlyArray<readonly [name: string, value: string]> => {
  if (lines === null || lines === undefined) return []
  const tags = String(lines)
    .split("\n")
    .map((line) => {
      const end = line.indexOf("=")
      return [line.slice(0, end), String(parseJson(line.slice(end + 1)))] as const
    })
  return tags.toSorted(([a], [b]) => (a < b ? -1 : 1))
}
