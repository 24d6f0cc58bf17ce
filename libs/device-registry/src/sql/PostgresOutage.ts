import { StoreUnavailable } from "@roost/contracts"
import { Redacted } from "effect"
import { connectionsMax } from "../Limits.ts"
import { tlsWords } from "./PostgresTls.ts"

/** Where a database is, without the login. */
export const placeOf = (url: Redacted.Redacted): string => {
  const { host, pathname } = new URL(Redacted.value(url))
  return `${host === "" ? "localhost" : host}${pathname}`
}

/** Whether somebody may mend it while the registry waits: it is away, or does not let it in yet. */
export const mayBeMended = (error: unknown): boolean => error instanceof StoreUnavailable || codeOf(error) in lockedOut

/** Why a database can't be used, with the cure, for an operator. */
export const outageText = (error: unknown): string => {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  return tlsWords(code, message) ?? words[code] ?? (code in lockedOut ? `${message}: ${lockedOut[code]}` : message)
}

/** Of what a pool wraps. */
const codeOf = (error: unknown): string => {
  const inner = error instanceof StoreUnavailable ? error.cause : error
  return inner instanceof Error && "code" in inner ? String(inner.code) : ""
}

const closed = "the connection was closed: the server ended, or something on the way did"

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused): start it, or correct DATABASE_URL",
  ENOTFOUND: "there is no host of this name: correct DATABASE_URL",
  EAI_AGAIN: "the name server does not answer",
  CONNECT_TIMEOUT: "no answer: the address is wrong, or something on the way drops it",
  ECONNRESET: closed,
  CONNECTION_CLOSED: closed,
  // By `PostgresConnection` itself.
  CONNECTION_DESTROYED: "it was silent for too long, and its connections were given up: it hangs, or has no time",
  CONNECTION_ENDED: closed
}

/** By SQLSTATE. */
const lockedOut: Readonly<Record<string, string>> = {
  "28P01": "compare user and password of DATABASE_URL",
  "28000": "compare user and pg_hba.conf; where that wants TLS, say sslmode=verify-full in DATABASE_URL",
  "3D000": "create the database, or correct DATABASE_URL",
  "53300":
    `it has as many connections as it takes, and a registry wants ${connectionsMax}: raise max_connections, ` +
    "or end what else holds them"
}
