import * as Schema from "effect/Schema"

/**
 * Parameters that the URL of a database may have. The client knows more: of files that it reads, of another host and of sockets of the machine
 * that writes. No maker of sinks has to do with those.
 */
export const sinkUrlParameters: ReadonlyArray<string> = ["application_name", "options", "sslmode"]
const sinkSslModes = new Set([null, "disable", "prefer", "require", "verify-full"])

const urlFault = (text: string): string | undefined => {
  const url = URL.parse(text)
  if (url === null || url.hostname === "" || url.hostname.includes("%")) return "expected the name or address of a host"
  const other = [...url.searchParams.keys()].find((name) => !sinkUrlParameters.includes(name))
  if (other !== undefined) return `expected no parameter but ${sinkUrlParameters.join(", ")}, not ${other}`
  const mode = url.searchParams.get("sslmode")
  return sinkSslModes.has(mode)
    ? undefined
    : `expected sslmode=disable, prefer, require or verify-full, not ${mode}; an authority's certificate is ca`
}

const h = "[0-9A-Fa-f]{1,4}"
/** RFC 4291 §2.2, without the form that ends as an IPv4 address. */
const ipv6 = [
  `(?:${h}:){7}${h}`,
  `(?:${h}:){1,7}:`,
  `(?:${h}:){1,6}:${h}`,
  `(?:${h}:){1,5}(?::${h}){1,2}`,
  `(?:${h}:){1,4}(?::${h}){1,3}`,
  `(?:${h}:){1,3}(?::${h}){1,4}`,
  `(?:${h}:){1,2}(?::${h}){1,5}`,
  `${h}:(?::${h}){1,6}`,
  `:(?:(?::${h}){1,7}|:)`
].join("|")
const host = `(?:\\[(?:${ipv6})\\]|[A-Za-z0-9][A-Za-z0-9._\\-]{0,252})`
const port = "(?::(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))"
const parameter = "(?:(?:application_name|options)=[^\\s&#]*|sslmode=(?:disable|prefer|require|verify-full))"

/** It takes nothing that `urlFault` refuses: readers of the specification know no more than this. */
const pattern = new RegExp(
  `^(?:postgres|postgresql)://(?:[^\\s/@:?#]+@)?${host}${port}?(?:/[^\\s?#]*)?(?:\\?${parameter}(?:&${parameter})*)?$`,
  "u"
)

/** Of the database of a sink that somebody asks for; one that is stored stays readable. */
export const newSinkUrl = Schema.String.check(
  Schema.isMaxCodePoints(2048),
  Schema.makeFilter(urlFault),
  Schema.isPattern(pattern, {
    message: "expected postgres://user@host:5432/database without a password, which is a field of its own"
  })
)
