import { renderAccountsConf } from "@roost/contracts"
import { writeFileSync } from "node:fs"
import { resolve } from "node:path"

/** Writes deploy/nats/accounts.conf anew, after the permissions of libs/contracts were changed. */
writeFileSync(resolve(import.meta.dirname, "../../../deploy/nats/accounts.conf"), renderAccountsConf())
