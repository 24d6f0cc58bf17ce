import { BadRequest, MethodNotAllowed } from "@roost/contracts"
import { Schema } from "effect"
import { ProblemDetails } from "effect/http"
import { STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import type { RouteTable } from "./RouteTable.ts"

/**
 * A request that Node's parser refuses never becomes one here. It is answered like one. A method that Node does not know is 405 with what
 * the
 * path answers, other faults 400, 408 or 431 as Node has them. Then the connection ends, as what follows can't be read either.
 */
export const refuseUnreadable =
  (routes: RouteTable) =>
  (error: ParserError, socket: Duplex): void => {
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy()
    socket.end(answerTo(error, routes))
  }

interface ParserError extends Error {
  readonly code?: string
  readonly rawPacket?: Uint8Array
}

/** Bytes in which a request line is looked for. */
const requestLineBytesMax = 2048

const answerTo = ({ code, message, rawPacket }: ParserError, routes: RouteTable): string => {
  if (code === "HPE_INVALID_METHOD" && rawPacket !== undefined) {
    const [line = ""] = Buffer.from(rawPacket.subarray(0, requestLineBytesMax)).toString("latin1").split("\r\n", 1)
    const [, method, path] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[^\s?]*)\S* HTTP\/1\.[01]$/.exec(line) ?? []
    const allow = path === undefined ? "" : routes.methodsOf(path).join(", ")
    if (allow !== "") {
      return written(
        405,
        methodNotAllowed(new MethodNotAllowed({ detail: `${path} answers ${allow}, not ${method}.` })),
        [`Allow: ${allow}`]
      )
    }
  }
  const status = code === "HPE_HEADER_OVERFLOW" ? 431 : code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
  return written(status, badRequest(new BadRequest({ detail: `This is no request of HTTP/1.1: ${message}.` })))
}

const badRequest = Schema.encodeUnknownSync(BadRequest)
const methodNotAllowed = Schema.encodeUnknownSync(MethodNotAllowed)

const written = (status: number, problem: object, headers: ReadonlyArray<string> = []): string => {
  const body = JSON.stringify({ ...problem, status })
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${ProblemDetails.contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    ...headers,
    "",
    body
  ].join("\r\n")
}
