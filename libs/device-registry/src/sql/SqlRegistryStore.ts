import type { CredentialChange } from "@roost/contracts"
import { Clock, Effect, Latch, Layer } from "effect"
import { countedDevicesMax } from "../Limits.ts"
import { RegistryStore, type StoredProduct } from "../RegistryStore.ts"
import { issueSecret, replaceDevice } from "./Activation.ts"
import { addEvents, applyPresence, filePresence, listEvents } from "./DeviceLog.ts"
import { countByStatus, searchDevices } from "./DeviceSearch.ts"
import { changeProperties, readProperties } from "./DeviceProperties.ts"
import {
  deleteDevice,
  findAsset,
  findDevice,
  insertDevices,
  listDevices,
  renameDevice,
  updateCredential
} from "./Devices.ts"
import { allProfiles, deleteModel, findModel, insertModel, listModels, replaceModel, untoldProfiles } from "./Models.ts"
import { applyPoints, batchesOf, readPoints, readTrail } from "./Points.ts"
import {
  beginDeletion,
  countDevices,
  deleteDevicesOf,
  deleteEventsOf,
  finishDeletion,
  listDeletions
} from "./ProductDeletion.ts"
import { findProduct, insertProduct, listProducts, rotateProductSecret, updateProduct } from "./Products.ts"
import {
  deleteScripts,
  noteScriptTested,
  publishScript,
  readScript,
  saveScriptDraft,
  unpublishScript
} from "./Scripts.ts"
import { countNotUnder, listKeyIds, resealSecrets, secretsNotUnder } from "./Secrets.ts"
import { Sql, type SqlTransaction } from "./Sql.ts"
import { forgetCopies, readCopies } from "./UplinkCopies.ts"

/** RegistryStore on whichever database `Sql` is. */
export const layerSqlRegistryStore: Layer.Layer<RegistryStore, never, Sql> = Layer.effect(
  RegistryStore,
  Effect.map(Sql, (sql) => {
    const changed = Latch.makeUnsafe()
    const deletionBegun = Latch.makeUnsafe()
    /** A transaction that may leave something to tell. */
    const changing = <A>(body: (session: SqlTransaction) => Effect.Effect<A>) =>
      Effect.tap(sql.transaction(body), changed.open)
    const noted = Effect.sync(() => sql.index.changed())
    /** A transaction that may change what a search finds. */
    const noting = <A>(body: (session: SqlTransaction) => Effect.Effect<A>) => Effect.tap(sql.transaction(body), noted)
    return RegistryStore.of({
      secretKeyIds: listKeyIds(sql),
      secretsNotUnder: (keyId, limit) => secretsNotUnder(sql, keyId, limit),
      countSecretsNotUnder: (keyId) => countNotUnder(sql, keyId),
      resealSecrets: (secrets) => sql.transaction((session) => resealSecrets(session, secrets)),
      createProduct: (product) => changing((session) => insertProduct(session, product)),
      product: (productKey) => Effect.map(findProduct(sql, productKey), unlessDeleting),
      anyProduct: (productKey) => findProduct(sql, productKey),
      beginDeletion: (productKey, force, now) =>
        Effect.tap(
          changing((session) => beginDeletion(session, productKey, force, now)),
          deletionBegun.open
        ),
      countDevices: Effect.fnUntraced(function* (productKey) {
        let count = 0
        for (let after: string | undefined = ""; after !== undefined; yield* Effect.yieldNow) {
          const page: Effect.Success<ReturnType<typeof countDevices>> = yield* countDevices(
            sql,
            productKey,
            after,
            countedDevicesMax
          )
          count += page.count
          after = page.last
        }
        return count
      }),
      deletions: listDeletions(sql),
      deleteDevicesOf: Effect.fnUntraced(function* (productKey, limit) {
        const now = yield* Clock.currentTimeMillis
        return yield* Effect.tap(
          changing((session) => deleteDevicesOf(session, productKey, limit, now)),
          noted
        )
      }),
      deleteEventsOf: (productKey, limit) => sql.transaction((session) => deleteEventsOf(session, productKey, limit)),
      finishDeletion: (productKey) => changing((session) => finishDeletion(session, productKey)),
      somethingToDelete: Effect.andThen(deletionBegun.await, deletionBegun.close),
      unlessDeletedElsewhere: (work) => sql.unlessBusy("delete", work),
      updateProduct: (productKey, change) =>
        Effect.map(
          changing((session) => updateProduct(session, productKey, change)),
          unlessDeleting
        ),
      rotateProductSecret: (productKey, secret, until, now) =>
        Effect.map(
          sql.transaction((session) => rotateProductSecret(session, productKey, secret, until, now)),
          unlessDeleting
        ),
      products: (after, limit) => listProducts(sql, after, limit),
      createModel: (model, now) => changing((session) => insertModel(session, model, now)),
      model: (modelId) => findModel(sql, modelId),
      replaceModel: (model, now) => changing((session) => replaceModel(session, model, now)),
      models: (after, limit) => listModels(sql, after, limit),
      deleteModel: (modelId) => changing((session) => deleteModel(session, modelId)),
      createDevices: (devices) => noting((session) => insertDevices(session, devices)),
      device: (id) => findDevice(sql, id),
      deviceOfAsset: (assetId) => findAsset(sql, assetId),
      searchDevices: (query) => searchDevices(sql.index, query),
      countByStatus: countByStatus(sql.index),
      devices: (productKey, page) => listDevices(sql, productKey, page),
      updateCredential: (id, update, now) => changing((session) => updateCredential(session, id, update, now)),
      issueSecret: (id, secret, activationRequest, now) =>
        changing((session) => issueSecret(session, id, secret, activationRequest, now)),
      replaceDevice: (id, secret, now) => changing((session) => replaceDevice(session, id, secret, now)),
      renameDevice: (id, deviceName) => noting((session) => renameDevice(session, id, deviceName)),
      deleteDevice: (id, now) =>
        Effect.tap(
          changing((session) => deleteDevice(session, id, now)),
          noted
        ),
      applyPresence: (presences) => sql.transaction((session) => applyPresence(session, presences)),
      filePresence: (presences, events, now) =>
        sql.transaction((session) => filePresence(session, presences, events, now)),
      addEvents: (events, now) => sql.transaction((session) => addEvents(session, events, now)),
      events: (id, query) => listEvents(sql, id, query),
      changeProperties: (id, kind, values, at) =>
        kind === "tag"
          ? noting((session) => changeProperties(session, id, kind, values, at))
          : sql.transaction((session) => changeProperties(session, id, kind, values, at)),
      properties: (id, kind, names) => readProperties(sql, id, kind, names),
      applyPoints: (devices, { copies }) =>
        Effect.flatMap(
          sql.transaction((session) => batchesOf(session, devices, copies)),
          Effect.forEach(
            // Look-ups of keys come in between.
            (batch) =>
              Effect.andThen(
                Effect.yieldNow,
                sql.transaction((session) => applyPoints(session, batch, copies))
              ),
            { discard: true }
          )
        ),
      points: (id) => readPoints(sql, id),
      trail: (id) => readTrail(sql, id),
      copies: (id) => readCopies(sql, id),
      forgetCopies: (before) => sql.transaction((session) => forgetCopies(session, before)),
      script: (productKey) => readScript(sql, productKey),
      saveScriptDraft: (productKey, source) => saveScriptDraft(sql, productKey, source),
      noteScriptTested: (productKey, source) => Effect.asVoid(noteScriptTested(sql, productKey, source)),
      publishScript: (productKey, earlier, now) =>
        changing((session) => publishScript(session, productKey, earlier, now)),
      deleteScripts: (productKey) => changing((session) => deleteScripts(session, productKey)),
      unpublishScript: (productKey) => changing((session) => unpublishScript(session, productKey)),
      somethingToTell: Effect.andThen(changed.await, changed.close),
      untoldChanges: (limit) =>
        Effect.map(sql.all("SELECT id, change FROM credential_changes ORDER BY id LIMIT ?1", limit), (rows) =>
          rows.map((row) => ({ id: Number(row["id"]), change: JSON.parse(String(row["change"])) as CredentialChange }))
        ),
      forgetChanges: (ids) =>
        sql.transaction((session) =>
          session.runEach(
            "DELETE FROM credential_changes WHERE id = ?1",
            ids.map((id) => [id])
          )
        ),
      untoldProfiles: (limit) => untoldProfiles(sql, limit),
      profiles: allProfiles(sql),
      forgetProfile: (id) => sql.run("DELETE FROM profile_changes WHERE id = ?1", id),
      unlessToldElsewhere: (tell) => sql.unlessBusy("tell", tell)
    })
  })
)

const unlessDeleting = (product: StoredProduct | undefined): StoredProduct | undefined =>
  product?.deletingSince === null ? product : undefined
