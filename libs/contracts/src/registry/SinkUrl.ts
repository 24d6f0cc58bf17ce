import * as Schema from "effect/Schema"

/**
 * Parameters that the URL of a database may have. The client knows more: of files that it reads, of another host and of sockets of the machine
 * that writes. No maker of sinks has to do with those.
 */
export const sinkUrlParameters: ReadonlyArray<string> = ["application_name", "options", "sslmode"]
const sinkSslModes = new Set([null, "disable", "prefer", "require", "verify-full"])

const urlFault = (target: { readonly type: string; readonly url?: string }): string | undefined => {
  if (target.type !== "postgres" || target.url === undefined) return undefined
  const url = URL.parse(target.url)
  if (url === null || url.hostname === "" || url.hostname.includes("%"))
    return "url: expected the name or address of a host"
  const other = [...url.searchParams.keys()].find((name) => !sinkUrlParameters.includes(name))
  if (other !== undefined) return `url: expected no parameter but ${sinkUrlParameters.join(", ")}, not ${other}`
  const mode = url.searchParams.get("sslmode")
  return sinkSslModes.has(mode)
    ? undefined
    : `url: expected sslmode=disable, prefer, require or verify-full, not ${mode}; an authority's certificate is ca`
}

/** Of what somebody asks for; a sink that is stored stays readable. */
export const hostAlone = Schema.makeFilter(urlFault)
