import { belongTogether, certificateFault, fileSetting, keyFault, keyPairSetting, Setting } from "@roost/contracts"
import { Config, Effect } from "effect"
import { X509Certificate } from "node:crypto"
import { readFileSync, unwatchFile, watchFile } from "node:fs"
import type { Server } from "node:https"

/** The files of an HTTP port that speaks TLS. */
export interface HttpTlsFiles {
  readonly certFile: string
  readonly keyFile: string
  /** Clients have to bring a certificate of this authority. */
  readonly clientCaFile: string | undefined
}

const pair = keyPairSetting(
  fileSetting(
    "ROOST_HTTP_TLS_CERT",
    "the certificate that the HTTP API shows, with those of its authorities (PEM); read again when it changes",
    certificateFault
  ),
  fileSetting("ROOST_HTTP_TLS_KEY", "the private key of that certificate (PEM)", keyFault)
)
const clientCa = fileSetting(
  "ROOST_HTTP_TLS_CLIENT_CA",
  "a certificate of the authority that clients of the HTTP API need one of (PEM), probes too",
  certificateFault
)

/** Undefined: the API speaks plain HTTP. */
export const HttpTls: Setting<HttpTlsFiles | undefined> = Setting.check(
  Setting.all({ pair, clientCaFile: clientCa }),
  ({ clientCaFile, pair: { certFile, keyFile } }): Effect.Effect<HttpTlsFiles | undefined, Config.ConfigError> => {
    if (certFile !== undefined && keyFile !== undefined) return Effect.succeed({ certFile, keyFile, clientCaFile })
    if (clientCaFile === undefined) return Effect.succeed(undefined)
    return Effect.fail(
      Setting.fault("ROOST_HTTP_TLS_CERT", "expected the certificate that ROOST_HTTP_TLS_CLIENT_CA needs")
    )
  }
)

/** How often the files are looked at: a change of a link counts, as Kubernetes makes it, and networks' disks tell of none. */
const lookMillis = 2_000
/** Certificate and key are written one after the other. */
const settleMillis = 1_000

export interface HttpTlsOptions {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
}

/** The certificates and key that the files have now. Throws with what is wrong with them. */
export const readHttpTls = ({ certFile, clientCaFile, keyFile }: HttpTlsFiles): HttpTlsOptions => {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]
  const certFault = certificateFault(cert.toString())
  if (certFault !== undefined) throw new Error(`${certFile}: expected a certificate (PEM); ${certFault}`)
  const fault = keyFault(key.toString())
  if (fault !== undefined) throw new Error(`${keyFile}: expected a private key (PEM); ${fault}`)
  if (!belongTogether(cert, key)) {
    throw new Error(`${keyFile}: expected the private key of the certificate in ${certFile}; it is another's`)
  }
  const asksClients = clientCaFile !== undefined
  return {
    cert,
    key,
    ...(asksClients ? { ca: readFileSync(clientCaFile) } : {}),
    requestCert: asksClients,
    rejectUnauthorized: asksClients
  }
}

/** Names a certificate for an operator: whose it is, and until when. */
export const certificateText = ({ cert }: Pick<HttpTlsOptions, "cert">): string => {
  const { subject, subjectAltName, validTo } = new X509Certificate(cert)
  return `certificate of ${(subjectAltName ?? subject).replaceAll("\n", ", ")}, until ${validTo}`
}

/**
 * Has a server show what the files have, from the next handshake on: at SIGHUP, and when one of them changes. Files that can't be used
 * change nothing, and are told.
 */
export const followHttpTls = Effect.fnUntraced(function* (files: HttpTlsFiles, server: Server) {
  const log = Effect.runForkWith(yield* Effect.context<never>())
  let shown = readHttpTls(files)
  yield* Effect.logInfo(certificateText(shown))
  if (Date.parse(new X509Certificate(shown.cert).validTo) < Date.now()) {
    yield* Effect.logWarning(`${files.certFile}: the certificate is not valid any more: clients will refuse it`)
  }
  const read = (why: string) => {
    try {
      const now = readHttpTls(files)
      const isOther = !now.cert.equals(shown.cert) || !now.key.equals(shown.key) || now.ca?.equals(shown.ca!) === false
      if (isOther) server.setSecureContext(now)
      shown = now
      if (isOther) log(Effect.logInfo(`${why}: from now on the ${certificateText(now)}`))
    } catch (error) {
      log(Effect.logError(`${why}: the certificate of before stays. ${(error as Error).message}`))
    }
  }
  let timer: NodeJS.Timeout | undefined
  const onChange = () => {
    clearTimeout(timer)
    timer = setTimeout(() => read("a file changed"), settleMillis)
  }
  const onHangUp = () => read("SIGHUP")
  const paths = Object.values(files).filter((path) => path !== undefined)
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      process.on("SIGHUP", onHangUp)
      for (const path of paths) watchFile(path, { interval: lookMillis, persistent: false }, onChange)
    }),
    () =>
      Effect.sync(() => {
        process.off("SIGHUP", onHangUp)
        clearTimeout(timer)
        for (const path of paths) unwatchFile(path, onChange)
      })
  )
})
