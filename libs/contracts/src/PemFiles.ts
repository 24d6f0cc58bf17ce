import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { getSystemErrorMessage } from "node:util"
import { Setting } from "./Setting.ts"

/** Paths of a certificate and its private key, of which neither is any use alone. */
export interface KeyPairFiles {
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

/** The path of a file that has to be there before anything is tried; `faultOf` says what is wrong with its text. */
export const fileSetting = (
  name: string,
  meaning: string,
  faultOf: (text: string) => string | undefined,
  otherwise = "–"
): Setting<string | undefined> =>
  Setting.check(Setting.optional(name, meaning, Config.NonEmptyString, { otherwise }), (path) => {
    if (path === undefined) return Effect.succeed(undefined)
    let fault: string | undefined
    try {
      fault = faultOf(readFileSync(path, "utf8"))
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException
      fault = errno === undefined ? String(error) : getSystemErrorMessage(errno)
    }
    if (fault === undefined) return Effect.succeed(path)
    return Effect.fail(Setting.fault(name, `expected the path of ${meaning}; ${path}: ${fault}`))
  })

/** `{prefix}_CERT` and `{prefix}_KEY`, which have to belong together. */
export const keyPairSetting = (
  cert: Setting<string | undefined>,
  key: Setting<string | undefined>
): Setting<KeyPairFiles> =>
  Setting.check(Setting.all({ certFile: cert, keyFile: key }), (files) => {
    const [certName, keyName] = [cert, key].map(({ variables }) => variables[0]!.name) as [string, string]
    const { certFile, keyFile } = files
    if ((certFile === undefined) !== (keyFile === undefined)) {
      const [missing, given] = certFile === undefined ? [certName, keyName] : [keyName, certName]
      return Effect.fail(Setting.fault(missing, `expected the file that belongs to ${given}`))
    }
    if (certFile === undefined || keyFile === undefined) return Effect.succeed(files)
    return belongTogether(readFileSync(certFile), readFileSync(keyFile))
      ? Effect.succeed(files)
      : Effect.fail(
          Setting.fault(keyName, `expected the private key of the certificate in ${certName}; it is another's`)
        )
  })

/** Throws for what is no certificate or no private key. */
export const belongTogether = (cert: Uint8Array | string, key: Uint8Array | string): boolean =>
  new X509Certificate(cert).checkPrivateKey(createPrivateKey(Buffer.from(key)))

export const certificateFault = (text: string): string | undefined => faultWhile(() => new X509Certificate(text))
export const keyFault = (text: string): string | undefined => faultWhile(() => createPrivateKey(text))

const faultWhile = (parse: () => unknown): string | undefined => {
  try {
    parse()
    return undefined
  } catch (error) {
    return `it is none (${error instanceof Error ? error.message : String(error)})`
  }
}
