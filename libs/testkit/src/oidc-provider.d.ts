declare module "oidc-provider" {
  import type { RequestListener } from "node:http"

  /** What tests use of it; it has no types of its own. */
  export class Provider {
    constructor(issuer: string, configuration: object)
    callback(): RequestListener
  }
}
