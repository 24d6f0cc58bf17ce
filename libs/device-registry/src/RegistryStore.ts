import type {
  CredentialChange,
  DeviceCursor,
  DeviceEvent,
  DeviceSort,
  DeviceStatus,
  EventQuery,
  LoggedEvent,
  Presence,
  Product,
  ProductChange,
  ProductScript,
  Profile,
  PropertyKind,
  RegisteredModel,
  TagFilter,
  TemporarilyUnavailable,
  UplinkMessage
} from "@roost/contracts"
import type { ExactNumber, ThingModel } from "@roost/enos"
import { Context, type Effect } from "effect"

/** A secret at rest, and which cluster key it was sealed under. */
export interface SealedSecret {
  readonly keyId: string
  readonly bytes: Uint8Array
}

/** A secret and where it is. */
export type KeptSecret = { readonly secret: SealedSecret; readonly productKey: string } & (
  | { readonly of: "device"; readonly deviceKey: string }
  | { readonly of: "product" | "previous product" }
)

export interface NewStoredProduct extends Omit<Product, "previousSecretUntil" | "deletingSince"> {
  readonly secret: SealedSecret
}

export interface StoredProduct extends NewStoredProduct {
  /** It is being deleted since then, milliseconds since 1970. */
  readonly deletingSince: number | null
  /** Of its thing model. */
  readonly modelVersion: number | null
  /** Grows with every secret. */
  readonly secretVersion: number
  /** The secret before, which still activates until then; milliseconds since 1970. */
  readonly previous: { readonly secret: SealedSecret; readonly version: number; readonly until: number } | null
}

/** Times in milliseconds since 1970; null is never. */
export interface StoredDevice {
  readonly productKey: string
  readonly deviceKey: string
  readonly assetId: string
  readonly deviceName: string
  readonly secret: SealedSecret
  readonly credentialVersion: number
  /** The activation request that the current secret was issued for. */
  readonly activationRequest: string | null
  readonly status: DeviceStatus
  readonly createdAt: number
  readonly activatedAt: number | null
  readonly lastSeenAt: number | null
  readonly lastOnlineAt: number | null
  readonly lastOfflineAt: number | null
  readonly lifetimeSeconds: number | null
  readonly address: string | null
  readonly suite: string | null
}

export type NewStoredDevice = Pick<
  StoredDevice,
  "productKey" | "deviceKey" | "assetId" | "deviceName" | "secret" | "createdAt"
>

export interface DeviceId {
  readonly productKey: string
  readonly deviceKey: string
}

/** `InUse`: it has devices. */
export type DeletionStart = "Unknown" | "InUse" | "Begun"

/**
 * Rows that a step of a deletion deleted, and how long its statements took. The wait before them and the commit don't count: of fewer rows
 * they are no shorter.
 */
export interface DeletionStep {
  readonly deleted: number
  readonly millis: number
}

/** A change of what lets a device in. It is stored together with the message that tells the actors. */
export type CredentialUpdate =
  | { readonly _tag: "Secret"; readonly secret: SealedSecret }
  | { readonly _tag: "Enabled"; readonly enabled: boolean }

/** `Closed`: the device is activated, or gone. `Limited`: too many attempts, of the device or of its product. */
export type IssueOutcome =
  | { readonly _tag: "Issued"; readonly device: StoredDevice }
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Limited" }

/** By name. */
export type StoredProperties = ReadonlyMap<string, { readonly value: unknown; readonly updatedAt: number }>

/** The latest value of a point; of two the one with the larger `order` stays, a time that is never ahead of ours. */
export interface LatestPoint {
  readonly value: unknown
  readonly quality?: number | ExactNumber
  readonly time: number | ExactNumber
  readonly order: number
}

/** By point. */
export interface PointsOfDevice extends DeviceId {
  /** That they came with, in the order of the stream. */
  readonly uplinks: ReadonlyArray<UplinkMessage>
  readonly points: ReadonlyMap<string, LatestPoint>
}

export interface DevicePage {
  readonly status?: DeviceStatus | undefined
  /** Exclusive. */
  readonly after?: string | undefined
  readonly limit: number
}

/** A search's conditions; an absent one is none. */
export interface DeviceQuery {
  readonly part?: string | undefined
  readonly productKey?: string | undefined
  readonly status?: DeviceStatus | undefined
  readonly tag?: TagFilter | undefined
  /** Last heard of before this, milliseconds since 1970. */
  readonly seenBefore?: number | undefined
  readonly sort: DeviceSort
  readonly after?: DeviceCursor | undefined
  readonly limit: number
}

export interface FoundDevice extends StoredDevice {
  /** By name. */
  readonly tags: Readonly<Record<string, string>>
}

export interface FoundDevices {
  readonly devices: ReadonlyArray<FoundDevice>
  /** In all, up to one more than `countedFoundMax`. */
  readonly found: number
}

/** How many devices of a product are in each state. */
export interface ProductCounts {
  readonly productKey: string
  readonly productName: string
  readonly byStatus: Readonly<Partial<Record<DeviceStatus, number>>>
}

/**
 * Where the registry keeps everything. Every method is one transaction. A store that can't be reached is a defect: the
 * caller answers 500 or nothing, and the reason is in the log.
 */
export class RegistryStore extends Context.Service<
  RegistryStore,
  {
    /** Ids of the keys that stored secrets are sealed under. */
    readonly secretKeyIds: Effect.Effect<ReadonlyArray<string>>
    /** Secrets, at most `limit`, that are sealed under another key than this. */
    readonly secretsNotUnder: (keyId: string, limit: number) => Effect.Effect<ReadonlyArray<KeptSecret>>
    readonly countSecretsNotUnder: (keyId: string) => Effect.Effect<number>
    /** Sealed again; one that was changed meanwhile stays as it is. */
    readonly resealSecrets: (
      secrets: ReadonlyArray<{ readonly kept: KeptSecret; readonly sealed: SealedSecret }>
    ) => Effect.Effect<void>
    /** False: the key is taken. */
    readonly createProduct: (product: NewStoredProduct) => Effect.Effect<boolean>
    /** Undefined also for one that is being deleted. */
    readonly product: (productKey: string) => Effect.Effect<StoredProduct | undefined>
    /** Also one that is being deleted. */
    readonly anyProduct: (productKey: string) => Effect.Effect<StoredProduct | undefined>
    /** From then on the product lets no device in. Without `force` only one that has no devices. */
    readonly beginDeletion: (productKey: string, force: boolean, now: number) => Effect.Effect<DeletionStart>
    /** How many devices the product has, counted in steps. */
    readonly countDevices: (productKey: string) => Effect.Effect<number>
    /** Products that are being deleted, oldest first. */
    readonly deletions: Effect.Effect<ReadonlyArray<string>>
    /** Some of the product's devices, with all that there is of them; says how many. */
    readonly deleteDevicesOf: (productKey: string, limit: number) => Effect.Effect<DeletionStep>
    /** Some of the events of the product and its strangers; says how many. */
    readonly deleteEventsOf: (productKey: string, limit: number) => Effect.Effect<DeletionStep>
    /** The product itself, with its scripts. False: it has devices. */
    readonly finishDeletion: (productKey: string) => Effect.Effect<boolean>
    /** Waits until this instance began a deletion since it was called last. */
    readonly somethingToDelete: Effect.Effect<void>
    /** Of several instances one at a time deletes. */
    readonly unlessDeletedElsewhere: <E, R>(work: Effect.Effect<void, E, R>) => Effect.Effect<void, E, R>
    /** The product after the change, or undefined if there is none. */
    readonly updateProduct: (productKey: string, change: ProductChange) => Effect.Effect<StoredProduct | undefined>
    /** The secret before is good until `previousUntil`; undefined: no longer. */
    readonly rotateProductSecret: (
      productKey: string,
      secret: SealedSecret,
      previousUntil: number | undefined,
      now: number
    ) => Effect.Effect<StoredProduct | undefined>
    /** False: the id is taken. */
    readonly createModel: (model: ThingModel, now: number) => Effect.Effect<boolean>
    readonly model: (modelId: string) => Effect.Effect<RegisteredModel | undefined>
    /** The model with its next version, or undefined if there is none. */
    readonly replaceModel: (model: ThingModel, now: number) => Effect.Effect<RegisteredModel | undefined>
    /** By id, ascending. */
    readonly models: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<RegisteredModel>>
    readonly deleteModel: (modelId: string) => Effect.Effect<"Deleted" | "Unknown" | "InUse">
    readonly products: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<StoredProduct>>
    /** All of one product. Per device, in order: false where the key is taken. Undefined: there is no such product. */
    readonly createDevices: (
      devices: ReadonlyArray<NewStoredDevice>
    ) => Effect.Effect<ReadonlyArray<boolean> | undefined>
    readonly device: (id: DeviceId) => Effect.Effect<StoredDevice | undefined>
    readonly deviceOfAsset: (assetId: string) => Effect.Effect<StoredDevice | undefined>
    /** Devices of all products. Unavailable while the index of an older database is being made. */
    readonly searchDevices: (query: DeviceQuery) => Effect.Effect<FoundDevices, TemporarilyUnavailable>
    /** How many devices of each product are in each state. */
    readonly countByStatus: Effect.Effect<ReadonlyArray<ProductCounts>>
    /** By device key, ascending. */
    readonly devices: (productKey: string, page: DevicePage) => Effect.Effect<ReadonlyArray<StoredDevice>>
    /**
     * The device after the change, or undefined if there is none that may have it. A change that changes nothing is
     * not told.
     */
    readonly updateCredential: (
      id: DeviceId,
      update: CredentialUpdate,
      now: number
    ) => Effect.Effect<StoredDevice | undefined>
    /**
     * A secret for a device that was never activated, within the limits of attempts. The request that the stored one was
     * issued for gets that again.
     */
    readonly issueSecret: (
      id: DeviceId,
      secret: SealedSecret,
      activationRequest: string,
      now: number
    ) => Effect.Effect<IssueOutcome>
    /** The device, inactive and with another secret, or undefined if there is none. */
    readonly replaceDevice: (id: DeviceId, secret: SealedSecret, now: number) => Effect.Effect<StoredDevice | undefined>
    /** The device after the change, or undefined if there is none. */
    readonly renameDevice: (id: DeviceId, deviceName: string) => Effect.Effect<StoredDevice | undefined>
    readonly deleteDevice: (id: DeviceId, now: number) => Effect.Effect<boolean>
    /** Ignores devices that are gone and presence older than what is known. Applying twice is applying once. */
    readonly applyPresence: (presences: ReadonlyArray<Presence>) => Effect.Effect<void>
    /** Both of `applyPresence` and `addEvents`, of which `events` has one per presence, in the same order and of its device. */
    readonly filePresence: (
      presences: ReadonlyArray<Presence>,
      events: ReadonlyArray<DeviceEvent>,
      now: number
    ) => Effect.Effect<void>
    /** Keeps the bounds of Limits. An event that is there already is not added again. */
    readonly addEvents: (events: ReadonlyArray<DeviceEvent>, now: number) => Effect.Effect<void>
    /** Newest first. Of a product as such `deviceKey` is empty. */
    readonly events: (id: DeviceId, query: EventQuery) => Effect.Effect<ReadonlyArray<LoggedEvent>>
    /**
     * Sets properties, and deletes those whose value is undefined; all or nothing. A row that changed later than `at` stays as it is, so
     * that applying twice is applying once. `TooMany`: over `propertiesPerDeviceMax`. `TooLarge`: over `bytesMax`.
     */
    readonly changeProperties: (
      id: DeviceId,
      kind: PropertyKind,
      values: Readonly<Record<string, unknown>>,
      at: number
    ) => Effect.Effect<"Done" | "TooMany" | "UnknownDevice" | { readonly _tag: "TooLarge"; readonly bytesMax: number }>
    /** Of these names or of all, by name, ascending; undefined if there is no such device. */
    readonly properties: (
      id: DeviceId,
      kind: PropertyKind,
      names?: ReadonlyArray<string>
    ) => Effect.Effect<StoredProperties | undefined>
    /** Ignores devices that are gone and values older than what is known. Applying twice is applying once. */
    readonly applyPoints: (
      devices: ReadonlyArray<PointsOfDevice>,
      options: { readonly copies: boolean }
    ) => Effect.Effect<void>
    /** Undefined if there is no such device. */
    readonly points: (id: DeviceId) => Effect.Effect<ReadonlyMap<string, LatestPoint> | undefined>
    /** Sequences of the newest uplinks that had points, oldest first, `trailMax` at most. */
    readonly trail: (id: DeviceId) => Effect.Effect<ReadonlyArray<number>>
    /** Some of those uplinks: those that are far apart. In the order of their sequences. */
    readonly copies: (id: DeviceId) => Effect.Effect<ReadonlyArray<UplinkMessage>>
    /** Deletes the copies of some devices whose newest was stored before that. False: there is no such device any more. */
    readonly forgetCopies: (before: number) => Effect.Effect<boolean>
    /** Undefined if there is no such product. */
    readonly script: (productKey: string) => Effect.Effect<ProductScript | undefined>
    /** Untested then. False if there is no such product. */
    readonly saveScriptDraft: (productKey: string, source: string) => Effect.Effect<boolean>
    /** A test of this text succeeded. */
    readonly noteScriptTested: (productKey: string, source: string) => Effect.Effect<void>
    /** The tested draft, or an earlier version once more, as the next version; undefined if there is none. */
    readonly publishScript: (
      productKey: string,
      earlier: number | undefined,
      now: number
    ) => Effect.Effect<number | undefined>
    readonly unpublishScript: (productKey: string) => Effect.Effect<void>
    /** The draft and all versions, the published one included. */
    readonly deleteScripts: (productKey: string) => Effect.Effect<void>
    /** Waits until this instance stored something that may have to be told since it was called last. */
    readonly somethingToTell: Effect.Effect<void>
    /** Changes that the actors have not been told yet, oldest first. */
    readonly untoldChanges: (
      limit: number
    ) => Effect.Effect<ReadonlyArray<{ readonly id: number; readonly change: CredentialChange }>>
    readonly forgetChanges: (ids: ReadonlyArray<number>) => Effect.Effect<void>
    /** Profiles that changed since the actors were told, as they are now; undefined: gone. Oldest change first. */
    readonly untoldProfiles: (
      limit: number
    ) => Effect.Effect<
      ReadonlyArray<{ readonly id: number; readonly key: string; readonly profile: Profile | undefined }>
    >
    readonly forgetProfile: (id: number) => Effect.Effect<void>
    /** Every profile that the actors need, as it is now, by its key in the bucket PROFILES. */
    readonly profiles: Effect.Effect<ReadonlyArray<{ readonly key: string; readonly profile: Profile | undefined }>>
    /** Of several instances one at a time tells, so that the changes of a device keep their order. */
    readonly unlessToldElsewhere: <E, R>(tell: Effect.Effect<void, E, R>) => Effect.Effect<void, E, R>
  }
>()("@roost/device-registry/RegistryStore") {}
