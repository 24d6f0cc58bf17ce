import {
  mistakesContext,
  pskContext,
  type PskRequest,
  Sealing,
  type SealingKeys,
  sealPurpose,
  secretContext
} from "@roost/contracts"
import { aes256Gcm } from "@roost/dtls-crypto"
import { mistakenKeys, pskFromSecret } from "@roost/enos"
import { Context } from "effect"
import type { DeviceId, SealedSecret } from "./RegistryStore.ts"

/** Seals secrets for the store under the registry's keys, and for the bus under the cluster's. */
export class Vault {
  /** Names the key that secrets are sealed under at rest. */
  readonly keyId: string
  readonly #keyIds: ReadonlySet<string>
  readonly #atRest: Sealing
  readonly #psk: Sealing
  readonly #secret: Sealing

  constructor(atRest: SealingKeys, bus: SealingKeys) {
    this.keyId = atRest.current.id
    this.#keyIds = new Set([atRest.current.id, ...(atRest.previous === undefined ? [] : [atRest.previous.id])])
    // Sealed on any day, by any process: too many keys to have OpenSSL's contexts for each.
    this.#atRest = new Sealing(atRest, "registry")
    this.#psk = new Sealing(bus, sealPurpose.psk, aes256Gcm)
    this.#secret = new Sealing(bus, sealPurpose.secret)
  }

  /** Whether it has the key of this id. */
  has(keyId: string): boolean {
    return this.#keyIds.has(keyId)
  }

  sealProduct(productKey: string, secret: string): SealedSecret {
    return this.#sealAtRest(`product ${productKey}`, secret)
  }

  sealDevice(id: DeviceId, secret: string): SealedSecret {
    return this.#sealAtRest(`device ${secretContext(id)}`, secret)
  }

  /** Throws if the secret was sealed under another cluster key, or changed: nothing a caller could mend. */
  openProduct(productKey: string, sealed: SealedSecret): string {
    return this.#openAtRest(`product ${productKey}`, sealed)
  }

  openDevice(id: DeviceId, sealed: SealedSecret): string {
    return this.#openAtRest(`device ${secretContext(id)}`, sealed)
  }

  /** The pre-shared key of a secret, as it goes over the bus. */
  pskForBus(request: PskRequest, secret: string): string {
    return base64(this.#psk.seal(pskContext(request), pskFromSecret(secret)))
  }

  /** The keys of the mistakes that are made with it. */
  mistakesForBus(request: PskRequest, secret: string, otherSecret: string, formerSecret?: string): string {
    const keys = mistakenKeys(secret, otherSecret, request.deviceKey, formerSecret)
    const json = JSON.stringify(Object.fromEntries(keys.map(({ key, mistake }) => [mistake, toHex(key)])))
    return base64(this.#psk.seal(mistakesContext(request), Buffer.from(json, "utf8")))
  }

  secretForBus(id: DeviceId, secret: string): string {
    return base64(this.#secret.seal(secretContext(id), Buffer.from(secret, "utf8")))
  }

  #sealAtRest(context: string, secret: string): SealedSecret {
    return { keyId: this.keyId, bytes: this.#atRest.seal(context, Buffer.from(secret, "utf8")) }
  }

  #openAtRest(context: string, { keyId, bytes }: SealedSecret): string {
    const secret = this.#atRest.open(context, bytes)
    if (secret === undefined) {
      throw new Error(
        `the secret of ${context} does not open: sealed under key ${keyId}, the key here is ${this.keyId}`
      )
    }
    return Buffer.from(secret).toString("utf8")
  }
}

export class SecretVault extends Context.Service<SecretVault, Vault>()("@roost/device-registry/SecretVault") {}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")
