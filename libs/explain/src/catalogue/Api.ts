import type { RefusalEntries } from "../Refusal.ts"

/** The problems of the HTTP APIs: `urn:roost:problem:` and the code. */
export const apiRefusals = {
  "bad-request": {
    sentence: "The request is not what the endpoint takes (400).",
    cause: "Likely a field is missing, unknown or of another type; errors has each with its path.",
    cure: "Send what /docs shows for the endpoint."
  },
  unauthorized: {
    sentence: "The request needs a valid bearer token (401).",
    cause: "Likely the Authorization header is missing, or its key is revoked, expired or of another Roost.",
    cure: "Send Authorization: Bearer and an API key, or ROOST_API_TOKEN, which npm start keeps in .roost/secrets.json."
  },
  forbidden: {
    sentence: "The caller's role does not allow this (403).",
    cause:
      "The field needed has the roles that would do, had those of the caller. A grant of given products does for these.",
    cure: "Ask an admin for one of the roles, or name a product that the grant is of."
  },
  "no-such-api-key": {
    sentence: "There is no such API key (404).",
    cause: "Likely it was revoked, or the prefix of its secret was taken for its id.",
    cure: "List the keys: roost keys list, or GET /v1/access/keys."
  },
  "too-many-api-keys": {
    sentence: "There are as many API keys as may be (409).",
    cause: "The field max has how many.",
    cure: "Revoke those that lastUsedAt says nobody uses."
  },
  "no-such-account": {
    sentence: "There is no such account (404).",
    cause: "Likely the name is mistyped, or the person comes by OIDC.",
    cure: "List the accounts: roost accounts list, or GET /v1/access/accounts."
  },
  "account-refused": {
    sentence: "The account can't be made (409).",
    cause: "The name is taken, or there are as many accounts as may be.",
    cure: "Take another name, or delete an account that nobody uses."
  },
  "wrong-password": {
    sentence: "The password was not changed (409).",
    cause: "The current password is another one, or the caller is signed in by no account.",
    cure: "Sign in by name and password, or have an admin reset the password."
  },
  "rate-exceeded": {
    sentence: "The caller makes more requests than it may (429).",
    cause: "An API key has a rate, and an account a number of wrong passwords.",
    cure: "Wait for Retry-After seconds. An admin can give the key another rate."
  },
  "sign-in-refused": {
    sentence: "The password, the code or the token signs nobody in (401).",
    cause: "Likely the name or password is mistyped, the code was used before or is older than ten minutes.",
    cure: "Take a new link from npm start, or POST /v1/console/codes with the token; after roost login, run it again."
  },
  "not-signed-in": {
    sentence: "Nobody is signed in by this request's cookie (401).",
    cause: "Likely twelve hours passed, or it was signed out elsewhere.",
    cure: "Sign in again."
  },
  "foreign-origin": {
    sentence: "A page of another site may change nothing (403).",
    cause: "The request's Origin is not the registry's own address.",
    cure: "Call the API with the bearer token instead, or open the console at its own address."
  },
  "internal-error": {
    sentence: "Roost failed (500).",
    cause: "A fault of Roost.",
    cure: "Look into the service's log, which says why, and report it."
  },
  "temporarily-unavailable": {
    sentence: "Roost can't take this now (503).",
    cause: "Likely a database or nats-server is away, too slow or full, or the service is starting.",
    cure: "Look at /readyz, and send it again with the same Idempotency-Key after Retry-After seconds."
  },
  "no-such-endpoint": {
    sentence: "There is no such endpoint (404).",
    cause: "Likely the path is mistyped, or another service has it; the answer names the nearest.",
    cure: "Compare it with /docs."
  },
  "method-not-allowed": {
    sentence: "The path does not answer this method (405).",
    cause: "Likely another verb was meant; Allow has those that there are.",
    cure: "Compare it with /docs."
  },
  "content-too-large": {
    sentence: "The body is too large (413).",
    cause: "Likely many things in one request.",
    cure: "Split it, or import devices by POST …/devices:import, which takes a stream."
  },
  "unsupported-media-type": {
    sentence: "The endpoint does not read a body of this type (415).",
    cause: "Likely Content-Type is missing, or the body is compressed.",
    cure: "Send application/json without Content-Encoding, or the type that /docs shows."
  },
  "idempotency-key-reused": {
    sentence: "The Idempotency-Key belongs to another request (422).",
    cause: "Likely one key is used for several requests.",
    cure: "Make up a key for each request, and send the same only when the same request is repeated."
  },
  "fields-fixed": {
    sentence: "Some of the fields can't be changed, and nothing was (422).",
    cause: "Likely a whole object was sent back with another key or date.",
    cure: "Leave these fields out, or send them as they are."
  },
  "no-such-product": {
    sentence: "There is no such product (404).",
    cause: "Likely its key is mistyped, or it was deleted.",
    cure: "Look at GET /v1/products."
  },
  "no-such-device": {
    sentence: "There is no such device (404).",
    cause: "Likely its key is mistyped, of another product, or it was deleted.",
    cure: "Look at GET /v1/products/{pk}/devices. A device that is not registered is among the strangers (GET /v1/strangers)."
  },
  "no-such-model": {
    sentence: "There is no such thing model (404).",
    cause: "Likely its id is mistyped, or it was not created yet.",
    cure: "Look at GET /v1/models, or create it (POST /v1/models)."
  },
  "secret-too-short": {
    sentence: "The secret is too short (422).",
    cause: "It has fewer characters than ROOST_SECRET_LENGTH_MIN, 16 unless it is set.",
    cure: "Leave it out, and Roost makes one up."
  },
  "model-id-exists": {
    sentence: "There is a thing model with this id (409).",
    cause: "Likely it was created before.",
    cure: "Replace it (PUT /v1/models/{modelId}), or choose another id."
  },
  "model-in-use": {
    sentence: "A product has this thing model (409).",
    cause: "Products refer to it by modelId.",
    cure: "Give these products another model first."
  },
  "model-too-large": {
    sentence: "The thing model is too large (413).",
    cause: "Actors hear of a model in one message on the bus.",
    cure: "Shorten descriptions, or divide the product."
  },
  "model-id-differs": {
    sentence: "The thing model has another id than its address (422).",
    cause: "Likely a copy was sent to the original's address.",
    cure: "Send it to its own id, or change the id in the body."
  },
  "no-script": {
    sentence: "The product has no such script (404).",
    cause: "Likely no draft was saved, or the version was never published.",
    cure: "Save one (PUT /v1/products/{pk}/script)."
  },
  "script-untested": {
    sentence: "The draft was not tested, or its test failed (409).",
    cause: "A draft has to succeed once before it is published.",
    cure: "Test it (POST …/script:test) with bytes of a device."
  },
  "not-raw": {
    sentence: "The product's devices speak JSON (409).",
    cause: "Scripts are for products whose dataFormat is Custom.",
    cure: "Create a product with dataFormat Custom."
  },
  "no-such-webhook": {
    sentence: "There is no such webhook (404).",
    cause: "Likely it was deleted, or went with its product.",
    cure: "Look at GET /v1/webhooks."
  },
  "no-such-sink": {
    sentence: "There is no such sink (404).",
    cause: "Likely it was deleted.",
    cure: "Look at GET /v1/sinks."
  },
  "too-many-sinks": {
    sentence: "There are as many sinks as there may be (409).",
    cause: "Likely one was made for each product.",
    cure: "Make one for all, and delete those that nobody needs."
  },
  "too-many-readers": {
    sentence: "This instance has as many readers of events as it serves (503).",
    cause: "Likely a reader connects again without closing the connection before.",
    cure: "Close readers that nobody needs, take a webhook, or start another registry."
  },
  "no-such-recording": {
    sentence: "There is no such recording (404).",
    cause: "Likely it was deleted, or is older than recordings are kept.",
    cure: "Look at GET /v1/recordings, or begin another (POST /v1/recordings)."
  },
  "too-many-recordings": {
    sentence: "As many recordings run as may (409).",
    cause: "Likely earlier ones were not ended.",
    cure: "End one (DELETE /v1/recordings/{id}), or wait until it ends by itself."
  },
  "too-many-webhooks": {
    sentence: "There are as many webhooks as there may be (409).",
    cause: "Likely one was made for each device.",
    cure: "Make one for a product or for all, and delete those that nobody needs."
  },
  "attributes-not-of-model": {
    sentence: "The product's thing model does not allow these attributes (422).",
    cause: "Likely a name is mistyped, or a value is of another type; field, expected and got say which.",
    cure: "Change the value or the model, or send unchecked=true."
  },
  "too-many-properties": {
    sentence: "The device would have too many attributes or tags (409).",
    cause: "Likely names are made up.",
    cure: "Delete some: a device has at most 500 attributes and 100 tags."
  },
  "product-in-use": {
    sentence: "The product has devices (409).",
    cause: "A product is deleted with its devices only if the request says so.",
    cure: "Send force=true, or delete the devices first."
  },
  "product-key-exists": {
    sentence: "There is a product with this key (409).",
    cause: "Likely it was created before.",
    cure: "Use it, or choose another key."
  },
  "device-key-exists": {
    sentence: "The product has a device with this key (409).",
    cause: "Likely it was registered before.",
    cure: "Use it, choose another key, or put new hardware in its place (POST …:replace)."
  },
  "device-not-activated": {
    sentence: "The device was never activated, and gets no command (409, 11888).",
    cause: "It never came with a secret of its own.",
    cure: "Have it handshake with SecureMode 2 first."
  },
  "device-offline": {
    sentence: "The device is offline and the command is not to be kept (409, 11900).",
    cause: "The command has a pendingTtl of 0, and the device was silent for its Lifetime.",
    cure: "Issue it with a pendingTtl: it waits for the device then."
  },
  "too-many-pending": {
    sentence: "The device has as many pending commands as it may (429, 11902).",
    cause: "Likely it sleeps while an application issues one after the other.",
    cure: "Cancel some (POST …/commands:cancel), or wait until the device has fetched them."
  },
  "command-not-of-model": {
    sentence: "The product's thing model does not allow this command (422, 1204).",
    cause: "Likely a name is mistyped, or a value is of another type; field, expected and got say which.",
    cure: "Change the command or the model, or send unchecked=true."
  },
  "not-encodable": {
    sentence: "The command can't be encoded for this device (422, 11810).",
    cause: "Likely the product's script has no case for it, or it is too large.",
    cure: "Test the script with it (POST …/script:test, direction down)."
  },
  "no-such-command": {
    sentence: "There is no such command (404).",
    cause: "Likely its id is mistyped, or it ended more than 7 days ago.",
    cure: "Look at GET …/commands of the device."
  },
  "command-not-cancellable": {
    sentence: "The command was sent or has ended, and can't be cancelled (409).",
    cause: "The device fetched it before.",
    cure: "Look at its state; a newer command can set the value back."
  }
} as const satisfies RefusalEntries
