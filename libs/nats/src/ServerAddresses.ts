import { Redacted, Result } from "effect"

/** The servers of NATS_URL. */
export interface ServerAddresses {
  /** `host:port` each. */
  readonly servers: ReadonlyArray<string>
  /** The part before `@`. */
  readonly login:
    | { readonly user: string; readonly password: Redacted.Redacted }
    | { readonly token: Redacted.Redacted }
    | undefined
  /** One of them begins with `tls://`. */
  readonly tls: boolean
}

const expected = "expected nats://host:port or tls://host:port, several with commas between"
const portDefault = 4222

/** Fails with what was expected and what came, without a login. */
export const parseServerAddresses = (text: string): Result.Result<ServerAddresses, string> => {
  const servers: Array<string> = []
  const logins = new Set<string>()
  let tls = false
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue
    const wrong = (why: string) => Result.fail(`${expected}; "${withoutLogin(part)}" ${why}`)
    const [, scheme, login, host, port] = pattern.exec(part) ?? []
    if (host === undefined) return wrong("has another form")
    if (scheme === undefined && port === undefined) return wrong("has neither scheme nor port")
    if (scheme !== undefined && !/^(?:nats|tls)$/i.test(scheme))
      return wrong(`has the scheme of something else than NATS over TCP`)
    if (port !== undefined && !isPort(Number(port))) return wrong("has a port outside of 1 to 65535")
    tls ||= scheme?.toLowerCase() === "tls"
    if (login !== undefined) logins.add(login)
    servers.push(`${host}:${port ?? portDefault}`)
  }
  if (servers.length === 0) return Result.fail(`${expected}; it names none`)
  if (logins.size > 1) return Result.fail("expected one login, the same in all servers; it has several")
  const [login] = logins
  const read = login === undefined ? Result.succeed(undefined) : loginOf(login)
  return Result.map(read, (login) => ({ servers, login, tls }))
}

/** scheme, login up to the last `@`, host (IPv6 in brackets), port. */
const pattern = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(\d+))?\/?$/

const isPort = (port: number): boolean => port >= 1 && port <= 65_535

const withoutLogin = (text: string): string => text.replace(/^(\w+:\/\/)?.*@/, "$1…@")

const loginOf = (text: string): Result.Result<ServerAddresses["login"], string> => {
  const colon = text.indexOf(":")
  try {
    if (colon < 0) return Result.succeed({ token: Redacted.make(decodeURIComponent(text)) })
    const [user, password] = [text.slice(0, colon), text.slice(colon + 1)].map(decodeURIComponent)
    return Result.succeed({ user: user!, password: Redacted.make(password!) })
  } catch {
    return Result.fail(`expected user:password or a token before "@", with "%" written as %25; it has another form`)
  }
}
